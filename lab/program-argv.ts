/** Argv of a TypeScript program of ours, wherever it is started. */
export function programArgv(path: string, ...argv: readonly string[]): string[] {
  return [process.execPath, "--import", import.meta.resolve("tsx"), path, ...argv];
}
