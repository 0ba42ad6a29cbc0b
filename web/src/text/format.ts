/** Figures and times as people read them; three digits say enough. */

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** 0 bit/s, 950 bit/s, 1.25 kbit/s, 18.4 Mbit/s. */
export function formatBits(bitsPerSecond: number): string {
  return formatScaled(bitsPerSecond, "bit/s");
}

/** 512 B, 1.25 kB, 3.4 GB. */
export function formatBytes(bytes: number): string {
  return formatScaled(bytes, "B");
}

/** Frames, peers: 999, 12,345, 1.23 M. */
export function formatCount(count: number): string {
  return count < 1e6 ? Math.round(count).toLocaleString("en") : formatScaled(count, "").trim();
}

/** Of something per second that may be rare: 0, 0.3, 12, 1,200. */
export function formatPerSecond(count: number): string {
  return count > 0 && count < 9.95 ? String(Number(count.toFixed(1))) : formatCount(count);
}

/** 0 ms, 0.42 ms, 1.3 ms, 18 ms, 1.25 s. */
export function formatMs(ms: number): string {
  if (ms >= 999.5) return `${Number((ms / 1000).toFixed(2))} s`;
  return `${Number(ms.toFixed(ms < 1 ? 2 : ms < 9.95 ? 1 : 0))} ms`;
}

/** A length of time in its two largest units: 8 s, 4 min 10 s, 3 h 20 min, 12 d 4 h. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joinUnits(minutes, "min", seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joinUnits(hours, "h", minutes % 60, "min");
  return joinUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** 09:05:03, where the reader is. */
export function formatTime(atMs: number): string {
  return new Date(atMs).toLocaleTimeString("en-GB");
}

/** 2026-11-23 09:05:03, where the reader is. */
export function formatMoment(atMs: number): string {
  return `${new Date(atMs).toLocaleDateString("sv-SE")} ${formatTime(atMs)}`;
}

function formatScaled(value: number, unit: string): string {
  let scaled = value;
  let place = 0;
  // 999.5 would be written as 1000.
  while (scaled >= 999.5 && place < PREFIXES.length - 1) {
    scaled /= 1000;
    place++;
  }
  const digits = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${Number(scaled.toFixed(digits))} ${PREFIXES[place]}${unit}`;
}

function joinUnits(many: number, unit: string, few: number, smaller: string): string {
  return few === 0 ? `${many} ${unit}` : `${many} ${unit} ${few} ${smaller}`;
}
