import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { useIsAdmin } from "./use-is-admin.ts";

export interface ActionButtonProps {
  readonly label: string;
  readonly isDanger?: boolean;
  /** What it opens. */
  readonly dialog: (close: () => void) => ComponentChild;
}

/** Opens a dialog; only for who may act. */
export function ActionButton({ label, isDanger, dialog }: ActionButtonProps) {
  const isAdmin = useIsAdmin();
  const [isOpen, setOpen] = useState(false);
  if (!isAdmin) return null;
  return (
    <>
      <button type="button" class={isDanger ? "danger" : undefined} onClick={() => setOpen(true)}>
        {label}
      </button>
      {isOpen && dialog(() => setOpen(false))}
    </>
  );
}
