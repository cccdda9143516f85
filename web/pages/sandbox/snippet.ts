/** Code that runs a command in a sandbox, ready to be pasted into a shell. */

export const snippetFor = (origin: string, id: string): string =>
  [
    `curl -X POST ${origin}/v1/sandboxes/${id}/exec \\`,
    `  -H "X-API-Key: $WRENN_API_KEY" -H "Content-Type: application/json" \\`,
    `  -d '{"cmd": "uname", "args": ["-a"]}'`,
  ].join("\n");
