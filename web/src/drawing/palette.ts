import { resolveColour } from "../parts/colours.ts";
import type { Palette } from "./painting.ts";

/** The drawing's colours as they are now, light or dark; drawing.css has the same for the legend. */
export function currentPalette(): Palette {
  return {
    symbols: {
      server: resolveColour("--series-6"),
      open: resolveColour("--series-1"),
      held: resolveColour("--series-2"),
      leaving: resolveColour("--quiet"),
      shut: resolveColour("--bad"),
      group: resolveColour("--series-3"),
    },
    line: resolveColour("--series-3"),
    disc: resolveColour("--ground"),
    text: resolveColour("--text"),
    background: resolveColour("--panel"),
    focus: resolveColour("--accent"),
    font: getComputedStyle(document.body).fontFamily,
  };
}
