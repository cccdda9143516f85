/** Code that starts a sandbox from a template, ready to be pasted. */

export interface Snippet {
  value: string;
  label: string;
  /** What it needs. */
  hint: string;
  code(template: string, origin: string): string;
}

/** As one word of a POSIX shell. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const SNIPPETS: readonly Snippet[] = [
  {
    value: "curl",
    label: "Wrenn API",
    hint: "WRENN_API_KEY holds a key of your team.",
    code: (template, origin) =>
      [
        `curl -X POST ${origin}/v1/sandboxes \\`,
        `  -H "X-API-Key: $WRENN_API_KEY" -H "Content-Type: application/json" \\`,
        `  -d ${shellQuote(JSON.stringify({ template, timeout_sec: 300 }))}`,
      ].join("\n"),
  },
  {
    value: "e2b",
    label: "e2b SDK",
    hint: "The e2b package as it is. E2B_API_KEY holds a key of your team, written with e2b_ in place of wrn_.",
    code: (template, origin) =>
      [
        `// E2B_API_URL=${origin}`,
        `// E2B_SANDBOX_URL=${origin}`,
        `import { Sandbox } from "e2b";`,
        "",
        `const sandbox = await Sandbox.create(${JSON.stringify(template)});`,
        `const { stdout } = await sandbox.commands.run("uname -a");`,
        "console.log(stdout);",
        "await sandbox.kill();",
      ].join("\n"),
  },
];
