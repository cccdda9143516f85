/** What can be done to files: each asks what it needs, and tells when it has been done. */
import { askValue } from "../../../components/ask.ts";
import { askConfirm } from "../../../components/confirm.ts";
import { type FileEntry, makeDirectory, moveFile, removeFile } from "../../../state/files.ts";
import { showFailure, showToast } from "../../../state/toasts.ts";
import { startDownload, startUpload } from "../../../state/transfers.ts";
import { plural } from "../../../text/format.ts";
import { join, nameOf, nameProblem, parentOf } from "../../../text/paths.ts";

/** The browser's own download, of something that is there already. */
const save = (blob: Blob, name: string): void => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

export const download = (id: string, { path, size }: Pick<FileEntry, "path" | "size">): void => {
  const isTaken = startDownload(id, { path, bytes: size }, (blob) => save(blob, nameOf(path)));
  if (!isTaken) showToast("Too much is waiting already.", { kind: "failed" });
};

export const askNewFolder = (id: string, directory: string, done: () => void): void =>
  askValue({
    heading: "New folder",
    label: "Name",
    hint: `In ${directory}`,
    action: "Create folder",
    check: nameProblem,
    run: async (name) => {
      await makeDirectory(id, join(directory, name));
      done();
    },
  });

export const askRename = (id: string, { path, name }: FileEntry, done: () => void): void =>
  askValue({
    heading: `Rename ${name}`,
    label: "New name",
    value: name,
    action: "Rename",
    check: nameProblem,
    run: async (wanted) => {
      if (wanted !== name) await moveFile(id, path, join(parentOf(path), wanted));
      done();
    },
  });

export const askDelete = async (id: string, entry: FileEntry, done: () => void): Promise<void> => {
  const isFolder = entry.type === "directory";
  const agreed = await askConfirm({
    heading: `Delete ${entry.name}?`,
    text: isFolder ? "The folder is gone for good, with all that is in it." : "The file is gone for good.",
    ends: [entry.path],
    action: isFolder ? "Delete folder" : "Delete file",
  });
  if (!agreed) return;
  try {
    await removeFile(id, entry.path);
    showToast(`${entry.name} is deleted.`);
  } catch (error) {
    showFailure(error);
  }
  done();
};

/** Asks first when some would be written over. */
export const upload = async (
  id: string,
  { directory, files, entries }: { directory: string; files: readonly File[]; entries: readonly FileEntry[] },
): Promise<void> => {
  const names = new Set(entries.map(({ name }) => name));
  const replaced = files.filter(({ name }) => names.has(name));
  if (replaced.length > 0) {
    const agreed = await askConfirm({
      heading:
        replaced.length === 1
          ? `Replace ${replaced[0]?.name}?`
          : `Replace ${plural(replaced.length, "file")}?`,
      text: `${directory} has files of that name. What is in them is written over.`,
      ends: replaced.map(({ name }) => join(directory, name)),
      action: "Replace",
    });
    if (!agreed) return;
  }
  const taken = files.filter((file) => startUpload(id, join(directory, file.name), file));
  if (taken.length < files.length) {
    showToast(`Too much is waiting already: ${plural(files.length - taken.length, "file")} left out.`, {
      kind: "failed",
    });
  }
};
