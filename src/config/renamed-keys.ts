type Names = Readonly<Record<string, string>>;

/** The same values under the names that `To` gives them; absent keys stay absent. */
export type Renamed<Value, To extends Names> = {
  [Name in keyof Value as Name extends keyof To ? To[Name] : Name]: Value[Name];
};

/** Takes the file's spelling of keys to ours, where they differ. */
export function renameKeys<Value extends object, const To extends Names>(value: Value, names: To): Renamed<Value, To> {
  const entries = Object.entries(value).map(([name, one]) => [names[name] ?? name, one] as const);
  return Object.fromEntries(entries) as Renamed<Value, To>;
}
