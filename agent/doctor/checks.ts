/** All checks of `doctor`, in the order they are shown. */
import type { Check } from "./check.ts";
import { machineChecks } from "./machine.ts";
import { toolChecks } from "./tools.ts";

export const checks: Check[] = [...machineChecks, ...toolChecks];
