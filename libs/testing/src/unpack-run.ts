import { zstdDecompressSync } from 'node:zlib';

type Ask = (text: string, values: unknown[]) => Promise<Record<string, unknown>[]>;

/**
 * Takes the bodies of a run out of the archive's segments into its rows of `chunks`, where SQL can alter them: what
 * somebody with the database's password can do. `schema`: where audit's tables are, with its dot.
 */
export async function unpackRun(ask: Ask, runId: string, schema = ''): Promise<void> {
  const rows = await ask(
    `select partition, incarnation, batch_seq, first_seq, s.bytes
     from ${schema}chunks c join ${schema}segments s using (partition, incarnation, batch_seq, part)
     where run_id = $1`,
    [runId],
  );
  for (const { partition, incarnation, batch_seq: batchSeq, first_seq: firstSeq, bytes } of rows)
    await ask(
      `update ${schema}chunks set part = null, start = null,
         bytes = substring($5::bytea from start + 1 for (select sum(size) from unnest(sizes) as size)::integer)
       where partition = $1 and incarnation = $2 and batch_seq = $3 and first_seq = $4`,
      [partition, incarnation, batchSeq, firstSeq, zstdDecompressSync(bytes as Buffer)],
    );
}
