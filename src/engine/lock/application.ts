/** Unikraft calls libraries `libNAME`, and an application's own code by another name (`appNAME`). */
export const isApplication = (library: string): boolean => !/^(lib|spacer-|\[)/.test(library);
