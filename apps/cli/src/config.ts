import { loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  /** Folder in which the mesh on this machine keeps its state. */
  stateDir: z.string().min(1).default('.signalbox'),
};

export const config = () => loadConfig(schema);
