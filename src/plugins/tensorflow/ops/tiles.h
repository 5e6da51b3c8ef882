// Products of small tiles in the registers of AMX or of AVX-512: factors in bfloat16, sums in float32.
//
// Everything is counted in lanes of 32 bits along the inner axis of a product: a lane has two bfloat16 that are neighbours on that axis.
#pragma once
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#define TOWER_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define TOWER_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define TOWER_AMX __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-bf16")))

namespace tower {

// Columns of a tile: four registers of AVX-512, or four tiles of AMX.
constexpr long kTileColumns = 64;
// Rows of a matrix that a thread works on at once: even, because two rows share a lane, and a multiple of the rows of both kinds of tiles.
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

// Which tiles this processor multiplies by.
enum class Tiles { kAvx512, kAmx };

// Rows of a tile. With AVX-512, 24 sums, four operands and a factor fit the 32 registers.
constexpr long rowsOf(Tiles tiles) { return tiles == Tiles::kAmx ? 16 : 6; }

// out[rows][columns] = left · right, added to what is there if `add`. left[row · leftStride + lane], right[lane · rightStride + column]; `rows` is a multiple
// of rowsOf(tiles), `columns` of 16.
struct Product {
  const uint32_t* left;
  long leftStride;
  const uint32_t* right;
  long rightStride;
  long lanes;
  float* out;
  long outStride;
  long rows;
  long columns;
  bool add;
};

// A part of a product: 6 rows and 16 · Registers columns.
template <int Registers>
TOWER_BF16 __attribute__((noinline)) void tileProduct(const Product& p, long row, long column) {
  constexpr long rows = rowsOf(Tiles::kAvx512);
  const uint32_t* left = p.left + row * p.leftStride;
  float* out = p.out + row * p.outStride + column;
  __m512 sums[rows][Registers];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < Registers; v++) sums[r][v] = p.add ? _mm512_loadu_ps(out + r * p.outStride + 16 * v) : _mm512_setzero_ps();
  for (long k = 0; k < p.lanes; k++) {
    __m512i operand[Registers];
    for (int v = 0; v < Registers; v++) operand[v] = _mm512_loadu_si512(p.right + k * p.rightStride + column + 16 * v);
    for (int r = 0; r < rows; r++) {
      const __m512i factor = _mm512_set1_epi32(left[r * p.leftStride + k]);
      for (int v = 0; v < Registers; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], (__m512bh)factor, (__m512bh)operand[v]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < Registers; v++) _mm512_storeu_ps(out + r * p.outStride + 16 * v, sums[r][v]);
}

inline void productByAvx512(const Product& p) {
  for (long column = 0; column < p.columns; column += kTileColumns)
    for (long row = 0; row < p.rows; row += rowsOf(Tiles::kAvx512)) switch ((p.columns - column) / 16) {
        case 1: tileProduct<1>(p, row, column); break;
        case 2: tileProduct<2>(p, row, column); break;
        case 3: tileProduct<3>(p, row, column); break;
        default: tileProduct<4>(p, row, column);
      }
}

#if defined(__linux__) && __has_include(<amxtileintrin.h>)

// Tiles of 16 rows of 16 lanes of 32 bits. The system saves their registers only for a process that asked for them, which this does once.
inline Tiles tilesHere() {
  static const Tiles here = [] {
    constexpr unsigned bf16 = 1u << 22, tile = 1u << 24;
    constexpr long requestPermission = 0x1023, tileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    unsigned a, b, c, d = 0;
    const bool known = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & bf16) && (d & tile);
    return known && syscall(SYS_arch_prctl, requestPermission, tileData) == 0 ? Tiles::kAmx : Tiles::kAvx512;
  }();
  return here;
}

// By the instructions themselves: gcc 12 drops the stores before _tile_loadconfig.
inline void configureTiles(long lanes) {
  struct {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {};
    uint8_t rows[16] = {};
  } config;
  // 0 … 3 are sums, 4 and 5 parts of the left operand, 6 and 7 of the right one.
  for (int tile = 0; tile < 8; tile++) {
    config.rows[tile] = tile < 6 ? 16 : lanes;
    config.bytes[tile] = tile == 4 || tile == 5 ? 4 * lanes : 64;
  }
  asm volatile("ldtilecfg %0" ::"m"(config) : "memory");
}

// `lanes` is a multiple of `depth`, which is at most 16.
TOWER_AMX __attribute__((noinline)) inline void productOfDepth(const Product& p, long depth) {
  configureTiles(depth);
  const long leftBytes = p.leftStride * 4, rightBytes = p.rightStride * 4, outBytes = p.outStride * 4;
  for (long column = 0; column < p.columns; column += 32)
    for (long row = 0; row < p.rows; row += 32) {
      const bool wide = column + 16 < p.columns, tall = row + 16 < p.rows;
      const uint32_t *left = p.left + row * p.leftStride, *right = p.right + column;
      float *out = p.out + row * p.outStride + column, *below = out + 16 * p.outStride;
      if (p.add) {
        _tile_loadd(0, out, outBytes);
        if (wide) _tile_loadd(1, out + 16, outBytes);
        if (tall) _tile_loadd(2, below, outBytes);
        if (tall && wide) _tile_loadd(3, below + 16, outBytes);
      } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
      }
      for (long lane = 0; lane < p.lanes; lane += depth) {
        _tile_loadd(4, left + lane, leftBytes);
        _tile_loadd(6, right + lane * p.rightStride, rightBytes);
        _tile_dpbf16ps(0, 4, 6);
        if (wide) {
          _tile_loadd(7, right + lane * p.rightStride + 16, rightBytes);
          _tile_dpbf16ps(1, 4, 7);
        }
        if (!tall) continue;
        _tile_loadd(5, left + lane + 16 * p.leftStride, leftBytes);
        _tile_dpbf16ps(2, 5, 6);
        if (wide) _tile_dpbf16ps(3, 5, 7);
      }
      _tile_stored(0, out, outBytes);
      if (wide) _tile_stored(1, out + 16, outBytes);
      if (tall) _tile_stored(2, below, outBytes);
      if (tall && wide) _tile_stored(3, below + 16, outBytes);
    }
  asm volatile("tilerelease");
}

inline void productByAmx(Product p) {
  const long rest = p.lanes % 16;
  p.lanes -= rest;
  if (p.lanes > 0) productOfDepth(p, 16);
  if (rest == 0) return;
  p.add = p.add || p.lanes > 0;
  p.left += p.lanes;
  p.right += p.lanes * p.rightStride;
  p.lanes = rest;
  productOfDepth(p, rest);
}

#else

inline Tiles tilesHere() { return Tiles::kAvx512; }
inline void productByAmx(const Product&) {}

#endif

inline void product(Tiles tiles, const Product& p) { tiles == Tiles::kAmx ? productByAmx(p) : productByAvx512(p); }

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
