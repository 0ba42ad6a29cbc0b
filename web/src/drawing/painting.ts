/** What there is to paint, and how. */
import type { TalkLine } from "./lines.ts";
import type { DrawnNode, Layout } from "./placing.ts";
import type { Scene } from "./scene.ts";
import type { SymbolName } from "./symbol.ts";

/** All of it as CSS writes it. */
export interface Palette {
  readonly symbols: Readonly<Record<SymbolName, string>>;
  readonly line: string;
  readonly disc: string;
  readonly text: string;
  readonly background: string;
  readonly focus: string;
  readonly font: string;
}

export interface Painting {
  readonly layout: Layout;
  readonly scene: Scene;
  readonly lines: readonly TalkLine[];
  readonly palette: Palette;
  /** Under the pointer, or where the keyboard is. */
  readonly focused: DrawnNode | undefined;
  /** Ids that a search found. */
  readonly found: ReadonlySet<string> | undefined;
}

/** Of what is not meant at the moment: 1 is opaque. */
export const FAINT = 0.3;

/** Whether a search means it, if there is one. */
export function isMeant(node: DrawnNode, found: Painting["found"]): boolean {
  return found === undefined || node.kind !== "peer" || found.has(node.id);
}
