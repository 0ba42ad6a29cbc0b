import { useMemo, useRef, useState } from "preact/hooks";
import { formatRoute } from "../routing/route.ts";
import type { DrawingView } from "./drawing-source.ts";
import { NetworkLayout } from "./layout.ts";
import { Legend } from "./legend.tsx";
import { linesOf } from "./lines.ts";
import { NodeDetails } from "./node-details.tsx";
import { Picture } from "./picture.tsx";
import type { DrawnNode } from "./placing.ts";
import { found } from "./scene.ts";
import { useFrame } from "./use-frame.ts";

/** The picture with what belongs to it: what is folded, what is pointed at, and what the signs mean. */
export function Drawing({ view, search }: { readonly view: DrawingView; readonly search: string }) {
  const box = useRef<HTMLDivElement>(null);
  const frame = useFrame(box);
  const [layouts] = useState(() => new NetworkLayout());
  const [focusedId, setFocusedId] = useState<string | undefined>();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const layout = useMemo(() => layouts.update(view.scene.networks, frame, opened), [view.scene, frame, opened]);
  const lines = useMemo(() => linesOf(layout, view.talks), [layout, view.talks]);
  const finds = useMemo(() => found(view.scene, search), [view.scene, search]);
  const focused = layout.nodes.find(({ id }) => id === focusedId);
  const open = (node: DrawnNode): void => {
    if (node.kind === "group") setOpened(new Set([...opened, node.network]));
    else if (view.scene.rows.has(node.id)) location.hash = formatRoute("peers", node.id);
  };
  return (
    <div class="drawing">
      <div class="drawing-box" ref={box}>
        <Picture
          painting={{ layout, lines, scene: view.scene, focused, found: finds }}
          focus={(node) => setFocusedId(node?.id)}
          open={open}
        />
      </div>
      <aside class="drawing-side" aria-label="About the drawing">
        <NodeDetails view={view} layout={layout} node={focused} />
        <Opened opened={opened} close={(network) => setOpened(new Set([...opened].filter((one) => one !== network)))} />
        {finds !== undefined && <p role="status">{finds.size === 0 ? "Nothing found." : `${finds.size} found.`}</p>}
        <Legend />
      </aside>
    </div>
  );
}

function Opened({
  opened,
  close,
}: {
  readonly opened: ReadonlySet<string>;
  readonly close: (network: string) => void;
}) {
  return (
    <>
      {[...opened].map((network) => (
        <button key={network} type="button" onClick={() => close(network)}>
          Fold {network} if it is too large
        </button>
      ))}
    </>
  );
}
