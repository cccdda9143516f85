/** Bytes and file names that careless code changes on the way. */

const text = (value: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(value));

/** A line of 10 MB; no two places in it are alike, so that a lost or doubled piece shows. */
const longLine = (): Uint8Array<ArrayBuffer> => {
  const line = new Uint8Array(10 * 1024 * 1024).fill(0x78);
  for (let at = 0; at + 8 <= line.length; at += 64)
    line.set(Buffer.from(at.toString(16).padStart(8, "0")), at);
  return line;
};

export const AWKWARD_BYTES: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
  ["nothing", new Uint8Array()],
  ["one zero", new Uint8Array(1)],
  ["every byte", Uint8Array.from({ length: 256 }, (_, byte) => byte)],
  [
    "invalid UTF-8",
    Uint8Array.from([0xff, 0xfe, 0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0xed, 0xa0, 0x80]),
  ],
  ["CRLF, CR and LF", text("one\r\ntwo\rthree\n\r\n\r")],
  [
    "a byte order mark, and characters of every width",
    text("\u{feff}e\u0301 \u00e9 \u20ac \u{1f600}\u{200d}"),
  ],
  ["escapes", text("\x1b[31mred\x1b[0m \\n \\0 %s %41 $HOME `id`")],
  ["a line of 10 MB", longLine()],
];

export const AWKWARD_NAMES: readonly string[] = [
  " spaces  in and around ",
  "new\nline\r\n",
  "tab\tbell\x07\x1b[31m",
  "\u{1f600} family \u{1f468}\u{200d}\u{1f469}",
  "composed \u00e9, decomposed e\u0301",
  `"double" 'single' \`back\``,
  "back\\slash\\n",
  "%41%2F%00 100%",
  "?query=1&other#fragment",
  "-rf",
  "--help",
  "*[a]{b,c}~",
  "...",
  "; filename=x; name=y",
  "$HOME $(id) &",
  "n".repeat(255),
];
