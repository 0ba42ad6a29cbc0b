/** A metric as a program reads it from Prometheus's text format. */
export interface ReadMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format, strictly: throws for a line that is none of it. */
export function readMetrics(text: string): readonly ReadMetric[] {
  const metrics: (ReadMetric & { samples: ReadSample[] })[] = [];
  let help = "";
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? [];
    if (word === "HELP") help = rest;
    else if (word === "TYPE") metrics.push({ name, type: rest, help, samples: [] });
    else metrics.at(-1)?.samples.push(readSample(line));
  }
  return metrics;
}

function readSample(line: string): ReadSample {
  const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", text = ""]) => [key, text]);
  return { name, labels: Object.fromEntries(pairs), value: value === "+Inf" ? Infinity : Number(value) };
}
