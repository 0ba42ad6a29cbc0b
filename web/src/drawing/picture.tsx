import { useLayoutEffect, useRef } from "preact/hooks";
import { useColourScheme } from "../parts/colours.ts";
import { paint } from "./paint.ts";
import { labelOf } from "./paint-names.ts";
import type { Painting } from "./painting.ts";
import { currentPalette } from "./palette.ts";
import type { DrawnNode } from "./placing.ts";
import { type Direction, neighbourOf, nodeAt } from "./pointing.ts";
import { SYMBOL_MEANINGS, symbolOf } from "./symbol.ts";

interface PictureProps {
  readonly painting: Omit<Painting, "palette">;
  readonly focus: (node: DrawnNode | undefined) => void;
  readonly open: (node: DrawnNode) => void;
}

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** Browsers of phones show nothing of a larger canvas. */
const MAX_CANVAS_PIXELS = 16_000_000;

/** The canvas: painted anew whenever anything of it changed, pointed at, and walked with the arrow keys. */
export function Picture({ painting, focus, open }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useColourScheme();
  const { layout, scene, focused } = painting;
  const pointed = (event: MouseEvent): DrawnNode | undefined => nodeAt(layout, { x: event.offsetX, y: event.offsetY });

  useLayoutEffect(
    () => paintOn(canvas.current as HTMLCanvasElement, painting),
    [layout, scene, painting.lines, focused, painting.found, scheme],
  );

  /** A finger cannot hover: its first touch shows, the second opens. */
  const click = (event: MouseEvent): void => {
    const node = pointed(event);
    if (node !== undefined && node.id === focused?.id) open(node);
    else focus(node);
  };
  const walk = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key];
    const server = layout.nodes[0] as DrawnNode;
    const step = (to: DrawnNode): void => {
      focus(to);
      reveal(canvas.current as HTMLCanvasElement, to);
    };
    if (direction !== undefined && focused !== undefined) step(neighbourOf(layout, focused, direction) ?? focused);
    else if (direction !== undefined || event.key === "Home") step(server);
    else if (event.key === "Escape") focus(undefined);
    else if (event.key === "Enter" && focused !== undefined) open(focused);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        class={focused === undefined ? "picture" : "picture picture-pointed"}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is walked by keys of its own (WAI-ARIA 1.2, 5.3)
        tabIndex={0}
        role="application"
        aria-label={`Drawing of the network, ${layout.nodeOf.size} members. Arrow keys walk, Enter opens.`}
        aria-describedby="drawing-focused"
        onPointerMove={(event) => event.pointerType === "mouse" && focus(pointed(event))}
        onClick={click}
        onKeyDown={walk}
      >
        <canvas ref={canvas} style={{ width: `${layout.width}px`, height: `${layout.height}px` }} />
      </div>
      <span id="drawing-focused" class="hidden" role="status">
        {focused === undefined ? "" : `${labelOf(focused, scene)}: ${SYMBOL_MEANINGS[symbolOf(focused, scene)]}`}
      </span>
    </>
  );
}

/** Of a drawing that is larger than its box, shows the part where the keyboard is. */
function reveal(canvas: HTMLCanvasElement, { x, y }: DrawnNode): void {
  const box = canvas.closest(".drawing-box");
  box?.scrollTo(x - box.clientWidth / 2, y - box.clientHeight / 2);
}

function paintOn(canvas: HTMLCanvasElement, painting: PictureProps["painting"]): void {
  const { width, height } = painting.layout;
  const pixels = Math.min(devicePixelRatio, Math.sqrt(MAX_CANVAS_PIXELS / (width * height)));
  // Setting the size clears the canvas, even to the same.
  canvas.width = Math.round(width * pixels);
  canvas.height = Math.round(height * pixels);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(pixels, pixels);
  paint(context, { ...painting, palette: currentPalette() });
}
