/** The package as imported; an older version has the same shape where cases use it. */

export type Sdk = typeof import("e2b");
export type Sandbox = InstanceType<Sdk["Sandbox"]>;
