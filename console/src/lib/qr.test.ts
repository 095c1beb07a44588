import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { qrCode, qrPath } from './qr.ts';

// What the Python library qrcode 8 draws at level M in byte mode, for masks 0 to 7: the beginning of the
// SHA-256 of the rows as zeros and ones.
const DRAWN: [string, string][] = [
  ['otpauth://totp/Northfield%20Steel:ann%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Northfield%20Steel',
    '2212f33c97d30454 639265c1b65d8fa2 3fcdf851d129632c e4b550dd281d0de0 411659aab345682a 05b21a96be647ca2 5b821080551de643 e1872d5bc9d4d7c6'],
  ['hello, world',
    '34c438e8f5d8fdf7 ac7ea44b184a580b 6417b57da33e34dd f1f0e7dc07cb516c bf4c1bb6ad131800 a2b5832fc11214f1 33f410e21243cec8 365e040c947ad3ef'],
  ['x'.repeat(84),
    '11f4048c14db893b 09db13d260ed8361 fe113f03ef62cf4c dc1afb3451959d9f f3be8299349ec550 1e1a3290498942c8 54b26f858e312a34 e24cafb4598f1f43'],
  ['x'.repeat(180),
    '21e02ceea8d235cf 474787f2d6d200d6 c02f5b023db7d099 1b10291ba4ee3ae7 1231b79f617c76ea bb951e084fa9fee1 c60da0aaa57e606b 4ba1334db7fe7512'],
  ['钢铁厂',
    '48ef5a415697fa80 37859208bc8c8c06 fecc650fcb157a5f 6ca2e4f66c5b3f0e 8f5f8d37dd3428bd 9c4ed01d4cdd7a1e 04d05ce09ac2918a 191f4aadcef88d0f'],
  ['y'.repeat(213),
    '35655c2ba409a4d0 3bb4dc258df63cd7 d13a7d639a3b078a 6e67170b9a2b2407 dce7bac45a5d7048 3465dca996b8a21e bd611979e0e33ecc 03492c60425af315'],
];

test('draws what another implementation draws, with every mask', () => {
  for (const [text, hashes] of DRAWN) {
    hashes.split(' ').forEach((hash, mask) => {
      const rows = qrCode(text, mask)!.map((row) => row.map((dark) => (dark ? '1' : '0')).join('')).join('\n');
      assert.equal(createHash('sha256').update(rows).digest('hex').slice(0, 16), hash, `${text.slice(0, 20)} with mask ${mask}`);
    });
  }
});

test('chooses one of the eight masks by itself', () => {
  const text = DRAWN[0]![0];
  const all = Array.from({ length: 8 }, (_, mask) => qrPath(qrCode(text, mask)!));
  assert.ok(all.includes(qrPath(qrCode(text)!)));
});

test('has no picture of what does not fit', () => {
  assert.equal(qrCode('z'.repeat(214)), null);
});
