/** Where the dashboard begins. */
import "./app/app.ts";
import { startRouter } from "./router.ts";

startRouter();
