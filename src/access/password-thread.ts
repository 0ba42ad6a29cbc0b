import { Worker } from "node:worker_threads";

const NAME = "passwords";

/**
 * Starts the thread that checks passwords, from the program beside this file. In the sources that is TypeScript, which
 * threads of Node 20 take only after a loader was registered in them; what is built needs none.
 */
export function startPasswordWorker(): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./password-worker.js", import.meta.url), { name: NAME });
  const program = JSON.stringify(new URL("./password-worker.ts", import.meta.url).href);
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const start = `import(${loader}).then(({ register }) => (register(), import(${program})));`;
  return new Worker(start, { eval: true, name: NAME });
}
