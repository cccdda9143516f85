/** The agent's own version: the release all parts of this repository share. */
import manifest from "../package.json" with { type: "json" };

export const AGENT_VERSION: string = manifest.version;
