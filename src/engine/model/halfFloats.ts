/**
 * float16 (IEEE 754 binary16) and bfloat16 against float32. Widening is exact; narrowing rounds to nearest, ties to
 * even, as PyTorch and NumPy do. Bits travel through integer arrays: a JavaScript engine may change a NaN's payload.
 */

/** All 65,536 float16 patterns as float32 bits; made on first use. */
let float16Bits: Uint32Array | null = null;

export function widenFloat16(source: Uint16Array): Float32Array {
  float16Bits ??= Uint32Array.from({ length: 0x10000 }, (_, pattern) => float16ToFloat32Bits(pattern));
  const bits = new Uint32Array(source.length);
  for (let i = 0; i < source.length; i++) bits[i] = float16Bits[source[i]!]!;
  return new Float32Array(bits.buffer);
}

export function widenBfloat16(source: Uint16Array): Float32Array {
  const bits = new Uint32Array(source.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
  return new Float32Array(bits.buffer);
}

export function narrowToFloat16(source: Float32Array): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const half = new Uint16Array(source.length);
  for (let i = 0; i < bits.length; i++) half[i] = float32BitsToFloat16(bits[i]!);
  return half;
}

export function narrowToBfloat16(source: Float32Array): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const half = new Uint16Array(source.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const notANumber = (x & 0x7fffffff) > 0x7f800000;
    half[i] = notANumber ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return half;
}

function float16ToFloat32Bits(pattern: number): number {
  const sign = (pattern & 0x8000) << 16;
  const exponent = (pattern >>> 10) & 0x1f;
  const mantissa = pattern & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  // Subnormal: mantissa · 2⁻²⁴. Its highest bit becomes the hidden one.
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

function float32BitsToFloat16(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff);
  // From 65,520 on (half a step above the largest float16) everything rounds to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  // Below 2⁻¹⁴: subnormal, in steps of 2⁻²⁴. Below 2⁻²⁵ everything rounds to zero.
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const steps = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (rest > middle || (rest === middle && (steps & 1) === 1) ? steps + 1 : steps);
}
