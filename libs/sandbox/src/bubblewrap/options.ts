/** How the driver is set up; every field has a default. */
export interface BubblewrapOptions {
  /** The bwrap to use; nothing else is looked for then. */
  bwrapPath?: string;
  /** Folders an unpacked package may lie in, looked through after the search path. */
  searchFolders?: readonly string[];
  /** Folders for bwrap and python3, separated by colons. */
  searchPath?: string;
  /** The Node binary that runs JavaScript: by default the one that runs us. */
  nodePath?: string;
  /** The Python interpreter; by default /usr/bin/python3, then the search path. */
  pythonPath?: string;
  /** Whom sandboxes run as when we are root. An own user, shared with no service. */
  uid?: number;
  gid?: number;
  /** Where programs are put that lie where that user cannot reach them. */
  runtimeFolder?: string;
  /** Folders that mounted files must lie in; none given, anywhere. */
  fileRoots?: readonly string[];
  /** Runs at once; more is refused with OVERLOADED. */
  runsMax?: number;
  /** `none` keeps control groups unused even where they could be had. */
  cgroups?: 'auto' | 'none';
}

export const DEFAULT_UID = 20_001;
export const DEFAULT_RUNS_MAX = 64;
export const DEFAULT_SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin';

/** A user of the host. */
export interface Identity {
  uid: number;
  gid: number;
}
