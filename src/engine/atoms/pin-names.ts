/** Names of the sections that pinned constants get. */
const PREFIX = '.rodata.spacer.pin.';

/** The section that the pinned constant of a name stands in. */
export const pinSection = (constant: string): string => `${PREFIX}${constant}`;

/** True for a section that `pinSection` names. */
export const isPinSection = (section: string): boolean => section.startsWith(PREFIX);
