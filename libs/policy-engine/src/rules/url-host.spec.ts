import { describe, expect, it } from 'vitest';
import { parseHostPattern, urlHost, urlLeadsTo } from './url-host.js';

const leads = (url: string, ...hosts: string[]): boolean => urlLeadsTo(url, hosts);

describe('urlLeadsTo', () => {
  it('matches a name whatever its case, its trailing dot and its path', () => {
    for (const url of [
      'https://example.com',
      'https://EXAMPLE.com/a?b#c',
      'https://example.com./x',
      'HTTP://example.com:80/',
      'https://example.com:443?q=@x',
    ]) {
      expect([url, leads(url, 'Example.COM')]).toEqual([url, true]);
    }
    expect(leads('https://example.com/', 'example.com.')).toBe(true);
  });

  it('is not taken in by names that look like the right one', () => {
    const tricks = [
      'https://example.com.evil.org/',
      'https://evil.org/example.com',
      'https://evil.org?example.com',
      'https://evil.org#example.com',
      'https://evil.org/@example.com',
      'https://notexample.com/',
      'https://example.com@evil.org/',
      'https://user:secret@example.com/',
      'https://@example.com/',
      'https://evil.org\\@example.com/',
      'https://example.com\\.evil.org/',
      'https:\\\\example.com/',
      'https:example.com/',
      'https:///example.com/',
      ' https://example.com/',
      'https://exam\tple.com/',
      'https://example.com\n/',
      'https://example..com/',
      'https://example.com../',
      'https://еxample.com/', // Cyrillic е
      'https://example.com\u0000.evil.org/',
      'https://exam\u00adple.com/',
      'https://exam\u200bple.com/',
      'ftp://example.com/',
      'javascript:example.com',
      'data:text/plain,https://example.com',
      'example.com',
      '//example.com/',
      '',
    ];
    expect(tricks.filter((url) => leads(url, 'example.com'))).toEqual([]);
  });

  it('reads IDN as punycode on both sides', () => {
    expect(leads('https://bücher.example/', 'xn--bcher-kva.example')).toBe(true);
    expect(leads('https://xn--bcher-kva.example/', 'BÜCHER.example')).toBe(true);
    expect(leads('https://ｅｘａｍｐｌｅ.com/', 'example.com')).toBe(true);
    expect(leads('https://example。com/', 'example.com')).toBe(true);
    expect(leads('https://xn--xample-2of.com/', 'example.com')).toBe(false);
  });

  it('wants the port of the scheme, or the one that is named', () => {
    expect(leads('https://example.com:8443/', 'example.com')).toBe(false);
    expect(leads('http://example.com:443/', 'example.com')).toBe(false);
    expect(leads('https://example.com:8443/', 'example.com:8443')).toBe(true);
    expect(leads('https://example.com/', 'example.com:443')).toBe(true);
    expect(leads('https://example.com/', 'example.com:80')).toBe(false);
    expect(leads('http://127.0.0.1:9999/', '127.0.0.1:*')).toBe(true);
    expect(leads('http://127.0.0.1/', '127.0.0.1:*')).toBe(true);
  });

  it('covers with a wildcard what lies below, never the name itself nor an IP literal', () => {
    expect(leads('https://a.example.com/', '*.example.com')).toBe(true);
    expect(leads('https://a.b.example.com/', '*.example.com')).toBe(true);
    expect(leads('https://example.com/', '*.example.com')).toBe(false);
    expect(leads('https://aexample.com/', '*.example.com')).toBe(false);
    expect(leads('https://a.example.com:8443/', '*.example.com')).toBe(false);
    expect(leads('https://a.example.com:8443/', '*.example.com:8443')).toBe(true);
    expect(leads('http://127.0.0.1/', '*.0.0.1')).toBe(false);
    expect(leads('http://[::1]/', '*.1')).toBe(false);
  });

  it('knows an IP address in all its spellings', () => {
    for (const url of [
      'http://127.0.0.1/',
      'http://127.1/',
      'http://0x7f.1/',
      'http://2130706433/',
      'http://0177.0.0.1/',
      'http://127.0.0.1./',
    ]) {
      expect([url, urlHost(url)]).toMatchObject([url, { host: '127.0.0.1', isIp: true }]);
    }
    expect(leads('http://[0:0:0:0:0:0:0:1]/', '[::1]')).toBe(true);
    expect(leads('http://[::ffff:127.0.0.1]/', '127.0.0.1')).toBe(false);
  });
});

describe('parseHostPattern', () => {
  it('refuses what is no host', () => {
    const bad = [
      '',
      '*',
      '*.',
      '*.com',
      '*.*.com',
      'a.*.com',
      'https://example.com',
      'example.com/',
      'a@example.com',
      'example.com:',
      'example.com:0',
      'example.com:70000',
      'exa mple.com',
      '*.127.0.0.1',
      '[::1',
      'a..b',
      '.example.com',
      'example.com?',
      '-a.com',
    ];
    expect(bad.filter((text) => parseHostPattern(text) !== null)).toEqual([]);
  });
});
