/** A line of a chart. */
export interface ChartLine {
  readonly label: string;
  /** At each time; null where nothing is known. */
  readonly values: readonly (number | null)[];
}
