/**
 * Colours for source text, by rules that hold in nearly every language: comments, strings, numbers, words. Not a
 * parser; what it does not know it leaves plain.
 */

export type TokenKind = "plain" | "comment" | "string" | "number" | "word" | "name";

export interface Token {
  kind: TokenKind;
  text: string;
}

interface Language {
  comments: string;
  words: ReadonlySet<string>;
  /** Names at the start of a line, before this sign, are keys. */
  keys?: string;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(" "));

const SLASHES = String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`;
const HASH = String.raw`#[^\n]*`;

const C_LIKE: Language = {
  comments: SLASHES,
  words: set(
    "abstract as async await boolean break case catch char class const continue debugger declare default delete do double else enum export extends false final finally float fn for from func function go if impl implements import in instanceof int interface let long match mod mut namespace new nil null of package private protected pub public readonly return self short static string struct super switch this throw trait true try type typeof undefined unsigned use var void while yield",
  ),
};
const PYTHON: Language = {
  comments: HASH,
  words: set(
    "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield self",
  ),
};
const SHELL: Language = {
  comments: String.raw`(?<=^|\s)#[^\n]*`,
  words: set(
    "if then else elif fi for in do done while until case esac function return exit export local set unset echo cd source true false",
  ),
};
const SETTINGS: Language = {
  comments: String.raw`(?<=^|\s)[#;][^\n]*`,
  words: set("true false null yes no on off"),
  keys: "[:=]",
};
const JSON_LIKE: Language = { comments: SLASHES, words: set("true false null") };
const SQL: Language = {
  comments: String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`,
  words: set(
    "select from where and or not in is null insert into values update set delete create table index drop alter join left right inner outer on group by order limit offset as distinct having union all primary key references default begin commit",
  ),
};
const MARKUP: Language = { comments: String.raw`<!--[\s\S]*?(?:-->|$)`, words: new Set() };

const BY_ENDING: Record<string, Language> = {
  ...Object.fromEntries(
    "c cc cpp cs css cts cxx go h hpp java js jsx kt mjs mts php rs scala scss swift ts tsx"
      .split(" ")
      .map((one) => [one, C_LIKE]),
  ),
  ...Object.fromEntries("py pyi rb".split(" ").map((one) => [one, PYTHON])),
  ...Object.fromEntries("bash bashrc profile sh zsh".split(" ").map((one) => [one, SHELL])),
  ...Object.fromEntries("cfg conf env ini properties toml yaml yml".split(" ").map((one) => [one, SETTINGS])),
  ...Object.fromEntries("json jsonc jsonl".split(" ").map((one) => [one, JSON_LIKE])),
  ...Object.fromEntries("htm html svg xml".split(" ").map((one) => [one, MARKUP])),
  sql: SQL,
};

const BY_NAME: Record<string, Language> = { Dockerfile: SHELL, Makefile: SHELL };

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|` + "`(?:[^`\\\\]|\\\\[\\s\\S])*`?";
const NUMBER = String.raw`\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\b`;
const NAME = String.raw`[A-Za-z_$][\w$-]*`;

const languageOf = (name: string): Language | undefined =>
  BY_NAME[name] ?? BY_ENDING[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];

/** All of the text, in order. */
export const highlight = (text: string, name: string): readonly Token[] => {
  const language = languageOf(name);
  if (language === undefined) return [{ kind: "plain", text }];
  const key = language.keys === undefined ? "(?!)" : String.raw`^[ \t-]*[\w."-]+(?=\s*${language.keys})`;
  const rule = new RegExp(
    `(?<comment>${language.comments})|(?<name>${key})|(?<string>${STRING})|(?<number>${NUMBER})|(?<word>${NAME})`,
    "gim",
  );
  const tokens: Token[] = [];
  const add = (kind: TokenKind, part: string): void => {
    const last = tokens.at(-1);
    // Fewer, longer pieces: each becomes an element.
    if (last?.kind === kind) last.text += part;
    else if (part !== "") tokens.push({ kind, text: part });
  };
  let at = 0;
  for (const found of text.matchAll(rule)) {
    add("plain", text.slice(at, found.index));
    const [part] = found;
    const kind = Object.entries(found.groups ?? {}).find(
      ([, value]) => value !== undefined,
    )?.[0] as TokenKind;
    const isWord = language.words.has(part) || (language === SQL && language.words.has(part.toLowerCase()));
    add(kind === "word" && !isWord ? "plain" : kind, part);
    at = found.index + part.length;
  }
  add("plain", text.slice(at));
  return tokens;
};
