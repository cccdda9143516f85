/** Reads what `bun test` wrote in JUnit form. */

export interface TestResult {
  file: string;
  /** Names of the enclosing describe blocks and the test, joined. */
  name: string;
  outcome: "passed" | "failed" | "skipped";
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", "#10": "\n", amp: "&" };

const unescape = (text: string): string =>
  text.replaceAll(/&(#?\w+);/g, (all, name: string) => ENTITIES[name] ?? all);

const attribute = (tag: string, name: string): string =>
  unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "");

/** Every test case of a report, in order. */
export const parseReport = (xml: string): TestResult[] => {
  const cases = xml.matchAll(/<testcase\s([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g);
  return Array.from(cases, ([, attributes = "", , body = ""]) => {
    const tag = ` ${attributes}`;
    const group = attribute(tag, "classname");
    const name = attribute(tag, "name");
    const outcome = /<(?:failure|error)\b/.test(body)
      ? "failed"
      : body.includes("<skipped")
        ? "skipped"
        : "passed";
    return { file: attribute(tag, "file"), name: group === "" ? name : `${group} > ${name}`, outcome };
  });
};
