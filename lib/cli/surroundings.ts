// What a command sees of its process, and how it fails.

/** Where text goes. */
export interface Stream {
  write (text: string): unknown
  isTTY?: boolean | undefined
}

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  stdout: Stream
  stderr: Stream
}

/** The command was wrong: exit code 2. */
export class UsageError extends Error {}

/** The command has failed: exit code 1. Its message is shown as it is. */
export class CommandFailure extends Error {}
