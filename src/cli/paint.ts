/** How a word is set off from others. */
export type Style = "bold" | "dim" | "red" | "yellow" | "green";

/** Gives text a style, where styles are seen. */
export type Paint = (style: Style, text: string) => string;

/** Numbers of "select graphic rendition" (ECMA-48, 8.3.117): on, off. */
const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

/** For what is no terminal. */
export const unpainted: Paint = (_style, text) => text;

const painted: Paint = (style, text) => {
  const [on, off] = CODES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};

/** What may be a terminal. */
export interface Screen {
  readonly isTTY?: boolean;
  /** Node's own judgement, by TERM, NO_COLOR and the like. */
  hasColors?(): boolean;
}

/** In colour on a terminal that shows them, for whoever has not set NO_COLOR; elsewhere without. */
export function paintFor(screen: Screen): Paint {
  return screen.isTTY === true && screen.hasColors?.() === true ? painted : unpainted;
}
