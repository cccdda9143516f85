/** The guest agent alone, as a program: what the tests of this folder start. */
import { runGuest } from "../../agent/guest/main.ts";

await runGuest(process.argv.slice(2));
