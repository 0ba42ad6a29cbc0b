/** As many values as fill the width. */
export const SPARKLINE_VALUES = 30;

/** Points of an SVG polyline: the newest at the right edge, the highest at the top, nothing at the bottom. */
export function sparklinePoints(values: readonly number[], width: number, height: number): string {
  const highest = values.reduce((most, value) => Math.max(most, value), 1);
  const step = width / (SPARKLINE_VALUES - 1);
  return values
    .map((value, place) => {
      const x = width - (values.length - 1 - place) * step;
      const y = height - 1 - (value / highest) * (height - 2);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
