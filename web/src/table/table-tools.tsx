import type { ComponentChildren } from "preact";
import type { TableQuery } from "./use-table-query.ts";

export interface TableToolsProps {
  readonly title: string;
  readonly query: TableQuery;
  /** To choose from; none: no choice is shown. */
  readonly networks: readonly string[];
  /** What search looks at. */
  readonly hint: string;
  /** How many rows are shown, of how many. */
  readonly shown: number;
  readonly total: number;
  readonly children?: ComponentChildren;
}

/** A page's title, and above its table what narrows it. */
export function TableTools({ title, query, networks, hint, shown, total, children }: TableToolsProps) {
  const count =
    shown === total ? total.toLocaleString("en") : `${shown.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return (
    <div class="page-head">
      <h1>
        {title} <small class="quiet">{count}</small>
      </h1>
      <input
        type="search"
        class="search"
        placeholder={hint}
        aria-label={`Search ${title}: ${hint}`}
        value={query.search}
        onInput={(event) => query.set({ search: event.currentTarget.value })}
      />
      {networks.length > 1 && (
        <Choice
          label="Network"
          value={query.network}
          options={[["", "all networks"], ...networks.map((name) => [name, name] as const)]}
          onChoose={(network) => query.set({ network })}
        />
      )}
      {children}
    </div>
  );
}

export interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  /** Values with their words. */
  readonly options: readonly (readonly [string, string])[];
  readonly onChoose: (value: string) => void;
}

export function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      {options.map(([option, words]) => (
        <option key={option} value={option}>
          {words}
        </option>
      ))}
    </select>
  );
}

/** Sorted, without repetition. */
export function networksOf(rows: readonly { readonly network: string }[]): readonly string[] {
  return [...new Set(rows.map(({ network }) => network))].sort();
}
