/** Reads a pcapng file as we write it: little-endian, one section. Slow and plain on purpose; throws at what is wrong. */
import assert from "node:assert/strict";

interface PcapngInterface {
  readonly name: string;
  readonly description: string;
  readonly snapBytes: number;
}

interface PcapngPacket {
  readonly interface: PcapngInterface;
  readonly timeUs: number;
  readonly bytes: Buffer;
  readonly originalBytes: number;
  readonly direction: "in" | "out";
  readonly flags: number;
  readonly lostBefore: number;
  readonly comment: string;
}

interface PcapngStatistics {
  readonly interface: PcapngInterface;
  readonly received: number;
  readonly accepted: number;
  readonly dropped: number;
  readonly comment: string;
}

export interface PcapngFile {
  readonly comment: string;
  readonly interfaces: readonly PcapngInterface[];
  readonly packets: readonly PcapngPacket[];
  readonly statistics: readonly PcapngStatistics[];
}

interface Block {
  readonly type: number;
  readonly body: Buffer;
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;

function splitBlocks(file: Buffer): readonly Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < file.length) {
    const length = file.readUInt32LE(at + 4);
    assert.ok(length >= 12 && length % 4 === 0 && at + length <= file.length, `a block of ${length} bytes at ${at}`);
    assert.equal(file.readUInt32LE(at + length - 4), length, "a block says its length twice");
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}

function optionsOf(body: Buffer): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>();
  let at = 0;
  for (;;) {
    const code = body.readUInt16LE(at);
    const length = body.readUInt16LE(at + 2);
    if (code === 0) break;
    options.set(code, body.subarray(at + 4, at + 4 + length));
    at += 4 + padded(length);
  }
  assert.equal(at + 4, body.length, "the options end with the block");
  return options;
}

const textOf = (options: ReadonlyMap<number, Buffer>, code: number): string => options.get(code)?.toString() ?? "";
const countOf = (options: ReadonlyMap<number, Buffer>, code: number): number =>
  Number(options.get(code)?.readBigUInt64LE() ?? 0n);

export function readPcapng(file: Buffer): PcapngFile {
  const [section, ...blocks] = splitBlocks(file);
  assert.equal(section?.type, 0x0a0d0d0a, "a section header comes first");
  const interfaces: PcapngInterface[] = [];
  const packets: PcapngPacket[] = [];
  const statistics: PcapngStatistics[] = [];
  const interfaceAt = (body: Buffer): PcapngInterface => {
    const found = interfaces[body.readUInt32LE(0)];
    assert.ok(found !== undefined, "an interface is described before it is named");
    return found;
  };
  for (const { type, body } of blocks) {
    if (type === 1) interfaces.push(readInterface(body));
    else if (type === 6) packets.push(readPacket(body, interfaceAt(body)));
    else if (type === 5) statistics.push(readStatistics(body, interfaceAt(body)));
    else assert.fail(`a block of type ${type}`);
  }
  return { comment: textOf(optionsOf(section.body.subarray(16)), 1), interfaces, packets, statistics };
}

function readInterface(body: Buffer): PcapngInterface {
  assert.equal(body.readUInt16LE(0), 1, "link type Ethernet");
  const options = optionsOf(body.subarray(8));
  assert.deepEqual([...(options.get(9) ?? [])], [6], "microseconds");
  return { name: textOf(options, 2), description: textOf(options, 3), snapBytes: body.readUInt32LE(4) };
}

function readPacket(body: Buffer, where: PcapngInterface): PcapngPacket {
  const captured = body.readUInt32LE(12);
  const options = optionsOf(body.subarray(20 + padded(captured)));
  const flags = options.get(2)?.readUInt32LE() ?? 0;
  return {
    interface: where,
    timeUs: body.readUInt32LE(4) * 2 ** 32 + body.readUInt32LE(8),
    bytes: body.subarray(20, 20 + captured),
    originalBytes: body.readUInt32LE(16),
    direction: (flags & 3) === 1 ? "in" : "out",
    flags,
    lostBefore: countOf(options, 4),
    comment: textOf(options, 1),
  };
}

function readStatistics(body: Buffer, where: PcapngInterface): PcapngStatistics {
  const options = optionsOf(body.subarray(12));
  const counts = { received: countOf(options, 4), accepted: countOf(options, 6), dropped: countOf(options, 5) };
  return { interface: where, ...counts, comment: textOf(options, 1) };
}
