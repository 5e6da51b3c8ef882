// Products of small tiles in the registers of AVX-512: factors in bfloat16, sums in float32.
//
// Everything is counted in lanes of 32 bits along the inner axis of a product: a lane has two bfloat16 that are neighbours on that axis.
#pragma once
#include <immintrin.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#define TOWER_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define TOWER_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace tower {

// Columns of a tile, which are four registers, and rows of a tile: 24 sums, four operands and a factor fit the 32 registers.
constexpr long kTileColumns = 64;
constexpr long kTileRows = 6;
// Rows of a matrix that a thread works on at once: a multiple of kTileRows, and even, because two rows share a lane.
constexpr long kBlockRows = 48;

// Neighbours on the inner axis of a product that share a lane.
constexpr long kLaneElements = 2;
constexpr long ceilDiv(long a, long b) { return (a + b - 1) / b; }
constexpr long roundUp(long a, long b) { return ceilDiv(a, b) * b; }

// Memory that begins at a cache line, and is not initialised.
template <typename T>
std::unique_ptr<T, decltype(&std::free)> aligned(size_t count) {
  return {static_cast<T*>(std::aligned_alloc(64, roundUp(count * sizeof(T), 64))), &std::free};
}

// Rounds to the nearest bfloat16, ties to even. A NaN stays one.
inline uint32_t halfOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if ((bits & 0x7fffffff) > 0x7f800000) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

// The lane of `first` and the element after it on the inner axis.
inline uint32_t laneOf(float first, float second) { return halfOf(first) | halfOf(second) << 16; }

// Σ over lanes of left(r, lane) · right[lane][0 … 16 · Registers), for kTileRows rows; left(r, lane) = left[r · row + lane · step].
struct Tile {
  const uint32_t* left;
  long row;
  long step;
  const uint32_t* right;
  long rightStride;
  long lanes;
};

// Writes the sums of a tile, or adds them to what is there.
template <int Registers, bool Add>
TOWER_BF16 __attribute__((noinline)) void tileProduct(const Tile& t, float* out, long outStride) {
  __m512 sums[kTileRows][Registers];
  for (int r = 0; r < kTileRows; r++)
    for (int v = 0; v < Registers; v++) sums[r][v] = Add ? _mm512_loadu_ps(out + r * outStride + 16 * v) : _mm512_setzero_ps();
  for (long k = 0; k < t.lanes; k++) {
    __m512i operand[Registers];
    for (int v = 0; v < Registers; v++) operand[v] = _mm512_loadu_si512(t.right + k * t.rightStride + 16 * v);
    const uint32_t* factors = t.left + k * t.step;
    for (int r = 0; r < kTileRows; r++) {
      const __m512i factor = _mm512_set1_epi32(factors[r * t.row]);
      for (int v = 0; v < Registers; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], (__m512bh)factor, (__m512bh)operand[v]);
    }
  }
  for (int r = 0; r < kTileRows; r++)
    for (int v = 0; v < Registers; v++) _mm512_storeu_ps(out + r * outStride + 16 * v, sums[r][v]);
}

// out[rows][columns] (+)= left · right. `rows` is a multiple of kTileRows, `columns` of 16.
template <bool Add>
void product(const uint32_t* left, long row, long step, const uint32_t* right, long rightStride, long lanes, float* out,
             long outStride, long rows, long columns) {
  for (long c = 0; c < columns; c += kTileColumns) {
    const long registers = (columns - c < kTileColumns ? columns - c : kTileColumns) / 16;
    for (long r = 0; r < rows; r += kTileRows) {
      const Tile tile{left + r * row, row, step, right + c, rightStride, lanes};
      float* o = out + r * outStride + c;
      switch (registers) {
        case 1: tileProduct<1, Add>(tile, o, outStride); break;
        case 2: tileProduct<2, Add>(tile, o, outStride); break;
        case 3: tileProduct<3, Add>(tile, o, outStride); break;
        default: tileProduct<4, Add>(tile, o, outStride);
      }
    }
  }
}

// e^x of each element, to 2e-7 of it, for x in [−87, 88]; beyond, that of the nearest bound. A NaN stays one.
TOWER_AVX512 inline __m512 exponential(__m512 x) {
  // In this order the result of min and max is x if x is a NaN.
  x = _mm512_min_ps(_mm512_set1_ps(88.f), _mm512_max_ps(_mm512_set1_ps(-87.f), x));
  const __m512 whole = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts, so that the rest has no error of the product.
  __m512 rest = _mm512_fnmadd_ps(whole, _mm512_set1_ps(0.693359375f), x);
  rest = _mm512_fnmadd_ps(whole, _mm512_set1_ps(-2.12194440e-4f), rest);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, rest, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(_mm512_mul_ps(rest, rest), p, _mm512_add_ps(rest, _mm512_set1_ps(1.f)));
  return _mm512_scalef_ps(p, whole);
}

}  // namespace tower
