import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface FileAccess {
  readonly mode: number;
  /** Undefined: whoever runs this. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Puts a new file in the place of the old one, all at once: whoever reads sees the one or the other, also after a crash
 * or a loss of power. The directory must be writable; the path is not a link.
 */
export async function replaceFile(path: string, text: string, access: FileAccess): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await fill(file, text, access).finally(() => file.close());
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function fill(file: FileHandle, text: string, { mode, owner }: FileAccess): Promise<void> {
  await file.writeFile(text);
  if (owner !== undefined) await file.chown(owner.uid, owner.gid);
  await file.chmod(mode);
  await file.sync();
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  await directory.sync().finally(() => directory.close());
}
