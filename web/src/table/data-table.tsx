import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Column } from "./column.ts";
import { type Order, sortRows } from "./order.ts";
import { rowsInView, type View } from "./row-window.ts";

export interface DataTableProps<Row> {
  /** What the table is of, for who does not see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  /** A sentence for a table without rows. */
  readonly empty: string;
}

/** As in tables.css. */
const ROW_HEIGHT_PX = 32;

/** A table of any length, in a frame that scrolls: only the rows in view are in the document. */
export function DataTable<Row>({ label, columns, rows, keyOf, order, onOrder, empty }: DataTableProps<Row>) {
  const { frame, view, onScroll } = useView();
  const { key: orderKey, isDescending } = order;
  // Scrolling draws anew, and sorts nothing.
  const sorted = useMemo(() => {
    const sortBy = columns.find(({ key }) => key === orderKey)?.sortBy;
    return sortBy === undefined ? rows : sortRows(rows, sortBy, isDescending);
  }, [columns, rows, orderKey, isDescending]);
  const { first, end, above, below } = rowsInView(view, sorted.length, ROW_HEIGHT_PX);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-frame" ref={frame} onScroll={onScroll} tabIndex={0} aria-label={label}>
      <table class="data" aria-rowcount={sorted.length + 1}>
        <caption class="hidden">{label}</caption>
        <colgroup>
          {columns.map(({ key, width, isExtra }) => (
            <col key={key} class={isExtra ? "extra" : undefined} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <Spacer height={above} columns={columns.length} />
        <tbody>
          {sorted.slice(first, end).map((row, place) => (
            <tr key={keyOf(row)} aria-rowindex={first + place + 2}>
              {columns.map((column) => (
                <td key={column.key} class={classOf(column)}>
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <Spacer height={below} columns={columns.length} />
      </table>
      {rows.length === 0 && <p class="empty">{empty}</p>}
    </section>
  );
}

interface HeaderCellProps<Row> extends Pick<DataTableProps<Row>, "order" | "onOrder"> {
  readonly column: Column<Row>;
}

function HeaderCell<Row>({ column, order, onOrder }: HeaderCellProps<Row>) {
  const { key, title, sortBy, isFigure } = column;
  if (sortBy === undefined) return <th class={classOf(column)}>{title}</th>;
  const isSorted = order.key === key;
  // Of figures the greatest is looked for first.
  const isDescending = isSorted ? !order.isDescending : isFigure === true;
  return (
    <th class={classOf(column)} aria-sort={isSorted ? (order.isDescending ? "descending" : "ascending") : undefined}>
      <button type="button" onClick={() => onOrder({ key, isDescending })}>
        {title}
        <span aria-hidden="true">{isSorted ? (order.isDescending ? " ▾" : " ▴") : ""}</span>
      </button>
    </th>
  );
}

/** Stands for the rows that are not drawn. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height === 0) return null;
  return (
    <tbody aria-hidden="true">
      <tr class="spacer" style={{ height: `${height}px` }}>
        <td colSpan={columns} />
      </tr>
    </tbody>
  );
}

function classOf<Row>({ isFigure, isExtra }: Column<Row>): string {
  return `${isFigure ? "figure" : ""} ${isExtra ? "extra" : ""}`.trim();
}

/** Which part of the frame is seen. */
function useView() {
  const frame = useRef<HTMLElement>(null);
  const [view, setView] = useState<View>({ scrollTop: 0, height: 0 });
  const look = (): void => {
    const { scrollTop = 0, clientHeight: height = 0 } = frame.current ?? {};
    setView((before) => (before.scrollTop === scrollTop && before.height === height ? before : { scrollTop, height }));
  };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { frame, view, onScroll: look };
}
