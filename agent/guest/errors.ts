/** File system and spawn failures as the errors clients see; details of this program stay inside. */
import { Code, ConnectError } from "@connectrpc/connect";

/** The errno name Node, Bun and `SystemCallFailed` errors carry; null for anything else. */
export const errnoOf = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;

const MEANINGS: Readonly<Record<string, readonly [Code, string]>> = {
  ENOENT: [Code.NotFound, "does not exist"],
  EACCES: [Code.PermissionDenied, "permission denied"],
  EPERM: [Code.PermissionDenied, "operation not permitted"],
  EROFS: [Code.PermissionDenied, "the file system is read-only"],
  EEXIST: [Code.AlreadyExists, "already exists"],
  ENOTEMPTY: [Code.FailedPrecondition, "the directory is not empty"],
  ENOTDIR: [Code.InvalidArgument, "a part of the path is not a directory"],
  EISDIR: [Code.InvalidArgument, "is a directory"],
  ENXIO: [Code.InvalidArgument, "is not a regular file"],
  EINVAL: [Code.InvalidArgument, "the operation is not valid here"],
  ELOOP: [Code.InvalidArgument, "too many symbolic links"],
  ENAMETOOLONG: [Code.InvalidArgument, "the name is too long"],
  ETXTBSY: [Code.FailedPrecondition, "the file is being executed"],
  EBUSY: [Code.FailedPrecondition, "is in use"],
  EXDEV: [Code.InvalidArgument, "is on another file system"],
  ENOSPC: [Code.ResourceExhausted, "no space left on the disk"],
  EDQUOT: [Code.ResourceExhausted, "the disk quota is used up"],
  EMFILE: [Code.ResourceExhausted, "too many open files"],
  ENOTSUP: [Code.FailedPrecondition, "the file system does not support metadata"],
  E2BIG: [Code.InvalidArgument, "too large"],
};

/** A failure at `path` as a Connect error; an error that is one already passes through. */
export const pathError = (error: unknown, path: string): ConnectError => {
  if (error instanceof ConnectError) return error;
  const meaning = MEANINGS[errnoOf(error) ?? ""];
  if (meaning === undefined)
    return new ConnectError(`'${path}': internal error`, Code.Internal, {}, [], error);
  const [code, sentence] = meaning;
  return new ConnectError(`'${path}': ${sentence}`, code, {}, [], error);
};
