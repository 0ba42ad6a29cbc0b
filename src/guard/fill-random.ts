/** Fills the bytes with random ones that nobody can guess. */
export type FillRandom = (bytes: Uint8Array) => void;
