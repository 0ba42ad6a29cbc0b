/** Frames whose headers are right or nearly so: each part is drawn, then a few bytes are changed or the end is cut off. */
import fc from "fast-check";

const byte = fc.integer({ min: 0, max: 255 });
const be16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];

const tag = fc
  .tuple(fc.constantFrom(0x8100, 0x88a8), fc.constantFrom(0, 1, 5, 0xe000, 0xe005))
  .map((pair) => pair.flatMap(be16));
const protocol = fc.oneof(fc.constantFrom(6, 17, 1, 58, 132, 33, 136, 2, 59, 50), byte);
const extensionType = fc.constantFrom(0, 43, 60, 51, 44, 135, 139, 140);
const port = fc.constantFrom(0, 53, 80, 443, 65_535);
const upperLayer = fc
  .tuple(port, port, fc.array(byte, { maxLength: 12 }))
  .map(([source, destination, rest]) => [...be16(source), ...be16(destination), ...rest]);
/** Few addresses, so that prefixes meet them. */
const address = (bytes: number): fc.Arbitrary<number[]> =>
  fc
    .tuple(fc.constantFrom(10, 11, 0xfd), fc.constantFrom(0, 1))
    .map(([first, last]) => [first, ...new Array<number>(bytes - 2).fill(0), last]);

const ipv4 = fc
  .record({
    options: fc.integer({ min: 0, max: 2 }),
    fragment: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(0, 0x4000, 0x8000, 0x2000, 0x2001, 1) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
    ),
    protocol,
    addresses: fc.tuple(address(4), address(4)),
    upperLayer,
  })
  .map((parts) => {
    const headerBytes = 20 + 4 * parts.options;
    return [
      ...[0x40 | (headerBytes / 4), 0, ...be16(headerBytes + parts.upperLayer.length), 0, 1, ...be16(parts.fragment)],
      ...[64, parts.protocol, 0, 0, ...parts.addresses.flat()],
      ...new Array<number>(4 * parts.options).fill(1),
      ...parts.upperLayer,
    ];
  });

/** Type, and the bytes behind its first: length in the type's own unit, or a fragment's offset and flag. */
const extension = extensionType.chain((type) => {
  if (type === 44) {
    return fc.constantFrom(0, 0, 1, 8, 9, 6).map((field) => [type, 0, ...be16(field), 0, 0, 0, 1]);
  }
  return fc.integer({ min: 0, max: 2 }).map((length) => {
    const bytes = type === 51 ? (length + 2) * 4 : (length + 1) * 8;
    return [type, length, ...new Array<number>(bytes - 2).fill(0)];
  });
});

const ipv6 = fc
  .record({
    extensions: fc.oneof(
      { weight: 9, arbitrary: fc.array(extension, { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(extension, { minLength: 7, maxLength: 10 }) },
    ),
    protocol,
    addresses: fc.tuple(address(16), address(16)),
    upperLayer,
  })
  .map((parts) => {
    const types = [...parts.extensions.map(([type]) => type as number), parts.protocol];
    const payload = [
      ...parts.extensions.flatMap(([, ...rest], i) => [types[i + 1] as number, ...rest]),
      ...parts.upperLayer,
    ];
    return [0x60, 0, 0, 0, ...be16(payload.length), types[0] as number, 64, ...parts.addresses.flat(), ...payload];
  });

const payload = fc.oneof(
  { weight: 4, arbitrary: ipv4.map((packet) => [0x08, 0x00, ...packet]) },
  { weight: 4, arbitrary: ipv6.map((packet) => [0x86, 0xdd, ...packet]) },
  { weight: 1, arbitrary: fc.array(byte, { maxLength: 40 }) },
);

/** A frame as it should be, but for what cannot be drawn so; with padding now and then. */
export const wellFormedFrame: fc.Arbitrary<number[]> = fc
  .record({
    macs: fc.array(byte, { minLength: 12, maxLength: 12 }),
    tags: fc.array(tag, { maxLength: 3 }),
    payload,
    padding: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ macs, tags, payload, padding }) => [
    ...macs,
    ...tags.flat(),
    ...payload,
    ...new Array<number>(padding).fill(0),
  ]);

const change = fc.tuple(
  fc.nat(120),
  fc.oneof(byte, fc.constantFrom(0, 1, 6, 17, 44, 60, 0x40, 0x44, 0x46, 0x60, 0x81, 0xff)),
);

/** A frame with up to four bytes changed, and perhaps its end cut off. */
export const damagedFrame: fc.Arbitrary<number[]> = fc
  .record({
    frame: wellFormedFrame,
    changes: fc.array(change, { maxLength: 4 }),
    cut: fc.option(fc.nat(120), { freq: 1 }),
  })
  .map(({ frame, changes, cut }) => {
    const damaged = [...frame];
    for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
    return cut === null ? damaged : damaged.slice(0, cut);
  });
