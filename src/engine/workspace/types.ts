/** A tool invocation as an argument array; never a shell string. */
export interface ToolCommand {
  readonly tool: string;
  readonly args: readonly string[];
  /** Absolute directory to run in. */
  readonly cwd: string;
}

/** How one unikernel was linked: everything that a relink needs, with paths of this machine. */
export interface LinkRecord {
  /** The command that made the `.dbg` image from library objects in one step. */
  readonly command: ToolCommand;
  /** Absolute paths of the objects and archives in link order, each once. */
  readonly inputs: readonly string[];
  /** The script of `-dT` or the first `-T`: the one with the SECTIONS of the whole image. */
  readonly script: string;
  /** Further `-T` scripts (INSERT), in order. */
  readonly extraScripts: readonly string[];
  /** `.dbg` image that the command wrote. */
  readonly debugImage: string;
  /** Commands after the link, in order: strip, bootinfo, multiboot. Empty where none is recorded. */
  readonly postLink: readonly ToolCommand[];
  /** Where the record comes from. */
  readonly origin: 'cmd' | 'make';
  /**
   * The build linked in two steps and `command` does so in one: a replay is the same program, but
   * not the same bytes.
   */
  readonly composed?: boolean;
}

/** A unikernel that was found and can be used. */
export interface Unikernel {
  /** Unique in the set; the application's name, with a suffix only where two would be equal. */
  readonly name: string;
  readonly kind: 'classic' | 'kraft';
  /** Folder of the application. */
  readonly directory: string;
  readonly buildDirectory: string;
  /** Bootable image of the default link. */
  readonly image: string;
  readonly debugImage: string;
  readonly link: LinkRecord;
  /** What was strange but did not keep the unikernel from being used, for people. */
  readonly notes?: readonly string[];
}
