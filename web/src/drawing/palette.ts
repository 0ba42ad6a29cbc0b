import type { Palette } from "./paint.ts";
import { SYMBOLS, type SymbolName } from "./symbol.ts";

/** The drawing's colours as the style sheet has them now, light or dark: those of the legend beside `canvas`. */
export function paletteBeside(canvas: HTMLElement): Palette {
  const drawing = canvas.closest(".drawing") as HTMLElement;
  const colourOf = (sign: string): string => getComputedStyle(drawing.querySelector(`.sign-${sign}`) ?? canvas).color;
  const own = getComputedStyle(canvas);
  return {
    symbols: Object.fromEntries(SYMBOLS.map((name) => [name, colourOf(name)])) as Record<SymbolName, string>,
    line: colourOf("line"),
    disc: own.textDecorationColor,
    text: own.color,
    background: own.backgroundColor,
    focus: own.caretColor,
    font: own.fontFamily,
  };
}
