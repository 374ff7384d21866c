import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface SigningKey {
  alg: string;
  kid: string;
  privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  jwk: JWK;
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An OIDC issuer as far as we need one: keys over HTTP, and tokens signed with them. */
export class Issuer {
  /** Keys that it publishes. */
  published: SigningKey[] = [];
  /** What it answers instead. */
  says: { status: number; body: string } | 'nothing' | undefined;
  asked = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (_request, response) => {
      this.asked++;
      if (this.says === 'nothing') return;
      const { status, body } = this.says ?? {
        status: 200,
        body: JSON.stringify({ keys: this.published.map(({ jwk }) => jwk) }),
      };
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  }

  static async start(): Promise<Issuer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Issuer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A token as it should be, but for `claims` and `header`; times in seconds from now. */
  token(
    key: SigningKey,
    claims: Record<string, unknown> = {},
    { exp = 300, nbf = -5, ...header }: Record<string, unknown> = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, nbf: now + Number(nbf), ...(exp === null ? {} : { exp: now + Number(exp) }) };
    return new SignJWT({ iss: this.url, aud: 'signalbox', sub: 'ann', ...times, ...claims })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
