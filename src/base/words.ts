/** Figures as people read them. */

/** 0.42 ms, 18 ms, 1.3 s. */
export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Whole seconds; parts of them below ten. */
export function formatSeconds(ms: number): string {
  return ms < 10_000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Math.round(ms / 1000)} s`;
}

/** Of bytes per second: 950 kbit/s, 18.4 Mbit/s, 2.1 Gbit/s. */
export function formatRate(bytesPerSecond: number): string {
  const mbit = (bytesPerSecond * 8) / 1e6;
  if (mbit < 1) return `${Math.round(mbit * 1000)} kbit/s`;
  return mbit < 1_000 ? `${mbit.toFixed(mbit < 100 ? 1 : 0)} Mbit/s` : `${(mbit / 1000).toFixed(1)} Gbit/s`;
}

export function formatBytes(bytes: number): string {
  return bytes >= 1024 && bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

/** "one", "one and other", "one, other and third". */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
