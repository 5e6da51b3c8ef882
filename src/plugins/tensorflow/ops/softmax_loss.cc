// TowerSoftmaxLoss: the loss of `softmax(in_batch)` on a cosine with products in bfloat16, and its gradients by the vectors of both towers, as
// compiler/library/losses/in_batch_softmax.ts defines them. With û and v̂ of length 1, s the sharpness, n_j the rows that column j stands for:
//
//   E_ij = exp(s · û_i · v̂_j), 0 for a hit, and divided by n_j for the row's own column
//   f_j  = n_j / q_j, up to a constant          r_i = Σ_j E_ij f_j
//   loss = Σ_i share_i (log r_i − log f'_own − s · û_i · v̂_own), f'_j = f_j / n_j
//
// TensorFlow's own ops write and read E, which has a number for each row and column, six times, and start 60 small ops on the vectors. Here a block of E's
// rows stays in the cache from the product to the exponential and the next product. E is then written once, as bfloat16, for the gradient by columns. Sums
// are float32. (In float32 such a kernel gains little: there the products themselves take the time.)
#include <algorithm>
#include <cmath>
#include <vector>

#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/lib/core/threadpool.h"
#include "tiles.h"

namespace tower {
namespace {

using tensorflow::OpInputList;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
namespace errors = tensorflow::errors;

// Tiles of columns whose product with the items is added up before it is written.
constexpr long kTilesAtOnce = 4;
// Rows of E that are multiplied before the sums of a tile of columns are written, in lanes.
constexpr long kLanesAtOnce = 512;
// A vector whose square is not larger has no direction: it is taken as it is.
constexpr float kTiny = 1e-12f;

// Calls `work` for parts of 0 … count − 1, in the threads of TensorFlow.
template <typename Work>
void inThreads(OpKernelContext* context, long count, const Work& work) {
  if (count == 0) return;
  auto* pool = context->device()->tensorflow_cpu_worker_threads()->workers;
  const long threads = std::max(1, pool->NumThreads());
  if (threads == 1) return work(0, count);
  pool->TransformRangeConcurrently(ceilDiv(count, threads), count, work);
}

// Σ of a · b over `count` elements.
TOWER_AVX512 float dot(const float* a, const float* b, long count) {
  __m512 sum = _mm512_setzero_ps();
  long i = 0;
  for (; i + 16 <= count; i += 16) sum = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), sum);
  const __mmask16 rest = (1u << (count - i)) - 1;
  sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i), sum);
  return _mm512_reduce_add_ps(sum);
}

// out = x · a + y · b. `out` may be x or y.
TOWER_AVX512 void combine(float* out, const float* x, float a, const float* y, float b, long count) {
  const __m512 as = _mm512_set1_ps(a), bs = _mm512_set1_ps(b);
  for (long i = 0; i < count; i += 16) {
    const __mmask16 some = count - i >= 16 ? 0xffff : (1u << (count - i)) - 1;
    const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(some, y + i), bs);
    _mm512_mask_storeu_ps(out + i, some, _mm512_fmadd_ps(_mm512_maskz_loadu_ps(some, x + i), as, scaled));
  }
}

float inverseLength(const float* x, long width) {
  const float square = dot(x, x, width);
  return square > kTiny ? 1.f / std::sqrt(square) : 1.f;
}

// The gradient by x, from that by x · inverse, where `inverse` is 1 ÷ ‖x‖.
void throughLength(float* out, const float* gradient, const float* x, float inverse, long width) {
  const bool hasLength = dot(x, x, width) > kTiny;
  const float along = hasLength ? -dot(x, gradient, width) * inverse * inverse * inverse : 0.f;
  combine(out, gradient, inverse, x, along, width);
}

// Writes `count` rows of 64 numbers as lanes along the rows' own axis, zeros past `columns`: out[lane][row], a tile of the right operand.
void packTransposed(const float* rows, long stride, long count, long width, uint32_t* out) {
  const long lanes = ceilDiv(width, kLaneElements);
  for (long lane = 0; lane < lanes; lane++) {
    const long k = lane * kLaneElements;
    uint32_t* o = out + lane * kTileColumns;
    for (long c = 0; c < count; c++) {
      const float* x = rows + c * stride + k;
      o[c] = laneOf(x[0], k + 1 < width ? x[1] : 0.f);
    }
    for (long c = count; c < kTileColumns; c++) o[c] = 0;
  }
}

// Writes 64 rows as lanes along the tile's rows: out[lane][column], `outStride` lanes apart, zeros past `count` rows.
void packRows(const float* rows, long stride, long count, long width, uint32_t* out, long outStride) {
  const std::vector<float> zeros(width, 0.f);
  for (long lane = 0; lane < kTileColumns / kLaneElements; lane++) {
    const long k = lane * kLaneElements;
    const float *first = k < count ? rows + k * stride : zeros.data(), *second = k + 1 < count ? rows + (k + 1) * stride : zeros.data();
    uint32_t* o = out + lane * outStride;
    for (long c = 0; c < width; c++) o[c] = laneOf(first[c], second[c]);
    std::fill(o + width, o + outStride, 0);
  }
}

TOWER_AVX512 void exponentials(float* values, long count) {
  for (long i = 0; i < count; i += 16) _mm512_storeu_ps(values + i, exponential(_mm512_loadu_ps(values + i)));
}

// Writes a tile of E as lanes along its columns (rows[row][lane]) and as lanes along its rows (kept[lane][column]).
TOWER_BF16 void writeLanes(const float* tile, uint32_t* rows, long rowStride, uint32_t* kept) {
  for (long r = 0; r < kBlockRows; r += 2)
    for (long c = 0; c < kTileColumns; c += 16) {
      const __m256i first = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(tile + r * kTileColumns + c));
      const __m256i second = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(tile + (r + 1) * kTileColumns + c));
      _mm256_storeu_si256((__m256i*)(rows + r * rowStride + c / 2), first);
      _mm256_storeu_si256((__m256i*)(rows + (r + 1) * rowStride + c / 2), second);
      const __m512i pairs = _mm512_or_si512(_mm512_cvtepu16_epi32(first), _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
      _mm512_storeu_si512(kept + r / 2 * kTileColumns + c, pairs);
    }
}

// Rows by the group that each belongs to: those of group g are rows[starts[g]] … rows[starts[g + 1] − 1].
struct Grouped {
  std::vector<int> starts, rows;
};

template <typename GroupOf>
Grouped grouped(long count, long groups, const GroupOf& groupOf) {
  Grouped result{std::vector<int>(groups + 1, 0), std::vector<int>(count)};
  for (long i = 0; i < count; i++) result.starts[groupOf(i) + 1]++;
  for (long g = 0; g < groups; g++) result.starts[g + 1] += result.starts[g];
  std::vector<int> next(result.starts.begin(), result.starts.end() - 1);
  for (long i = 0; i < count; i++) result.rows[next[groupOf(i)]++] = i;
  return result;
}

REGISTER_OP("TowerSoftmaxLoss")
    .Input("user: float")                 // [rows, width]
    .Input("item: float")                 // [columns, width]
    .Input("own: own_count * int32")      // [rows], the column of each row's own item; absent: the row's number
    .Input("counts: counted * float")     // [columns], n
    .Input("hits: hit_count * int32")     // [hits, 2], rows and columns
    .Input("log_q: corrected * float")    // [columns]
    .Input("weight: weighted * float")    // [rows]; absent: all rows count alike
    .Attr("own_count: int >= 0")
    .Attr("counted: int >= 0")
    .Attr("hit_count: int >= 0")
    .Attr("corrected: int >= 0")
    .Attr("weighted: int >= 0")
    .Attr("sharpness: float")
    .Output("loss: float")
    .Output("user_gradient: float")
    .Output("item_gradient: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->Scalar());
      c->set_output(1, c->input(0));
      c->set_output(2, c->input(1));
      return absl::OkStatus();
    });

class SoftmaxLoss : public OpKernel {
 public:
  explicit SoftmaxLoss(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("sharpness", &sharpness_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &user = context->input(0), &item = context->input(1);
    OP_REQUIRES(context, user.dims() == 2 && item.dims() == 2 && user.dim_size(1) == item.dim_size(1), errors::InvalidArgument("needs vectors of one width"));
    const long rows = user.dim_size(0), columns = item.dim_size(0), width = user.dim_size(1);
    const Tensor* own = optional(context, "own");
    const Tensor* counts = optional(context, "counts");
    const Tensor* hits = optional(context, "hits");
    const Tensor* logQ = optional(context, "log_q");
    const Tensor* weight = optional(context, "weight");
    OP_REQUIRES(context, (!own || own->NumElements() == rows) && (own || rows == columns) && (!counts || counts->NumElements() == columns) &&
                             (!logQ || logQ->NumElements() == columns) && (!weight || weight->NumElements() == rows),
                errors::InvalidArgument("lengths do not match"));
    const float *u = user.flat<float>().data(), *v = item.flat<float>().data();
    std::vector<int> ownOf(rows);
    for (long i = 0; i < rows; i++) {
      ownOf[i] = own ? own->flat<int>()(i) : i;
      OP_REQUIRES(context, ownOf[i] >= 0 && ownOf[i] < columns, errors::InvalidArgument("row ", i, " has no column ", ownOf[i]));
    }
    const long hitCount = hits ? hits->dim_size(0) : 0;
    const int* pairs = hits ? hits->flat<int>().data() : nullptr;
    for (long h = 0; h < hitCount; h++)
      OP_REQUIRES(context, pairs[2 * h] >= 0 && pairs[2 * h] < rows && pairs[2 * h + 1] >= 0 && pairs[2 * h + 1] < columns,
                  errors::InvalidArgument("hit ", h, " is outside of the scores"));

    Tensor *loss, *userGradient, *itemGradient, kept;
    OP_REQUIRES_OK(context, context->allocate_output(0, TensorShape({}), &loss));
    OP_REQUIRES_OK(context, context->allocate_output(1, user.shape(), &userGradient));
    OP_REQUIRES_OK(context, context->allocate_output(2, item.shape(), &itemGradient));
    float *du = userGradient->flat<float>().data(), *dv = itemGradient->flat<float>().data();

    const Tiles kind = tilesHere();
    constexpr long tileLanes = kTileColumns / kLaneElements;
    const long blocks = ceilDiv(rows, kBlockRows), tiles = ceilDiv(columns, kTileColumns);
    const long widthLanes = ceilDiv(width, kLaneElements), stride = roundUp(width, 16), lanes = blocks * kBlockRows / kLaneElements;
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_INT32, TensorShape({tiles * lanes * kTileColumns}), &kept));
    auto* keptLanes = reinterpret_cast<uint32_t*>(kept.flat<int>().data());

    // Factors of columns, on a scale on which the largest correction is e⁻⁸: sums over many columns stay in the range of float32.
    float largest = logQ ? -INFINITY : 0.f;
    if (logQ) for (long m = 0; m < columns; m++) largest = std::max(largest, -logQ->flat<float>()(m));
    std::vector<float> offset(columns), factor(tiles * kTileColumns, 0.f), inverse(columns);
    double weights = 0;
    for (long i = 0; weight && i < rows; i++) weights += weight->flat<float>()(i);
    const auto shareOf = [&](long i) { return weight ? weight->flat<float>()(i) / std::max(float(weights), 1e-12f) : 1.f / rows; };

    // 1. The items: v̂ in both orders of lanes, of which one has the factors.
    const auto itemLanes = aligned<uint32_t>(tiles * widthLanes * kTileColumns);
    const auto weightedLanes = aligned<uint32_t>(tiles * tileLanes * stride);
    const auto unit = aligned<float>(columns * width);
    inThreads(context, tiles, [&](long from, long to) {
      std::vector<float> weighted(kTileColumns * width);
      for (long tile = from; tile < to; tile++) {
        const long first = tile * kTileColumns, count = std::min(kTileColumns, columns - first);
        for (long c = 0; c < count; c++) {
          const long m = first + c;
          offset[m] = (logQ ? -logQ->flat<float>()(m) : 0.f) - largest - 8.f;
          factor[m] = std::exp(offset[m]) * (counts ? counts->flat<float>()(m) : 1.f);
          inverse[m] = inverseLength(v + m * width, width);
          float *direction = unit.get() + m * width, *w = weighted.data() + c * width;
          combine(direction, v + m * width, inverse[m], v + m * width, 0.f, width);
          combine(w, direction, factor[m], direction, 0.f, width);
        }
        packTransposed(unit.get() + first * width, width, count, width, itemLanes.get() + tile * widthLanes * kTileColumns);
        packRows(weighted.data(), width, count, width, weightedLanes.get() + tile * tileLanes * stride, stride);
      }
    });

    // 2. Blocks of rows: E, the loss, the gradient by users, and what each row adds to the items: s · û · share ÷ r.
    const auto hitsOf = grouped(hitCount, blocks, [&](long h) { return pairs[2 * h] / kBlockRows; });
    const auto queries = aligned<float>(blocks * kBlockRows * width);
    std::vector<double> losses(blocks, 0.0);
    inThreads(context, blocks, [&](long from, long to) {
      const auto scaled = aligned<float>(kBlockRows * width);
      const auto queryLanes = aligned<uint32_t>(kBlockRows * widthLanes);
      const auto scores = aligned<float>(kBlockRows * kTileColumns);
      const auto rowLanes = aligned<uint32_t>(kBlockRows * kTilesAtOnce * tileLanes);
      const auto sums = aligned<float>(kBlockRows * stride);
      std::vector<std::vector<std::pair<int, float>>> replaced(tiles);  // per tile: place in it, value
      for (long block = from; block < to; block++) {
        const long first = block * kBlockRows, count = std::min(kBlockRows, rows - first);
        float length[kBlockRows], ownScore[kBlockRows], total[kBlockRows] = {};
        for (auto& list : replaced) list.clear();
        for (int at = hitsOf.starts[block]; at < hitsOf.starts[block + 1]; at++) {
          const int *pair = pairs + 2 * hitsOf.rows[at], m = pair[1];
          replaced[m / kTileColumns].push_back({(pair[0] - first) * kTileColumns + m % kTileColumns, 0.f});
        }
        std::fill(scaled.get(), scaled.get() + kBlockRows * width, 0.f);
        for (long r = 0; r < count; r++) {
          const float* x = u + (first + r) * width;
          float* q = scaled.get() + r * width;
          const int m = ownOf[first + r];
          length[r] = inverseLength(x, width);
          combine(q, x, length[r] * sharpness_, x, 0.f, width);
          ownScore[r] = dot(q, unit.get() + m * width, width);
          if (counts) replaced[m / kTileColumns].push_back({int(r * kTileColumns + m % kTileColumns), std::exp(ownScore[r]) / counts->flat<float>()(m)});
        }
        for (long r = 0; r < kBlockRows; r++)
          for (long lane = 0; lane < widthLanes; lane++) {
            const float* x = scaled.get() + r * width + lane * kLaneElements;
            queryLanes.get()[r * widthLanes + lane] = laneOf(x[0], lane * kLaneElements + 1 < width ? x[1] : 0.f);
          }
        std::fill(sums.get(), sums.get() + kBlockRows * stride, 0.f);
        for (long chunk = 0; chunk < tiles; chunk += kTilesAtOnce) {
          const long tilesHere = std::min(kTilesAtOnce, tiles - chunk);
          for (long at = 0; at < tilesHere; at++) {
            const long tile = chunk + at;
            product(kind, {queryLanes.get(), widthLanes, itemLanes.get() + tile * widthLanes * kTileColumns, kTileColumns, widthLanes, scores.get(),
                           kTileColumns, kBlockRows, kTileColumns, false});
            exponentials(scores.get(), kBlockRows * kTileColumns);
            for (const auto& [place, value] : replaced[tile]) scores.get()[place] = value;
            // Columns past the end have the factor 0; rows past the end add nothing, because their queries are 0.
            for (long r = 0; r < count; r++) total[r] += dot(scores.get() + r * kTileColumns, factor.data() + tile * kTileColumns, kTileColumns);
            writeLanes(scores.get(), rowLanes.get() + at * tileLanes, kTilesAtOnce * tileLanes,
                          keptLanes + (tile * lanes + first / kLaneElements) * kTileColumns);
          }
          product(kind, {rowLanes.get(), kTilesAtOnce * tileLanes, weightedLanes.get() + chunk * tileLanes * stride, stride, tilesHere * tileLanes,
                         sums.get(), stride, kBlockRows, stride, true});
        }
        double sum = 0;
        std::vector<float> gradient(width);
        for (long r = 0; r < kBlockRows; r++) {
          float* q = queries.get() + (first + r) * width;
          if (r >= count) {
            std::fill(q, q + width, 0.f);
            continue;
          }
          const long i = first + r, m = ownOf[i];
          const float share = shareOf(i);
          sum += share * (std::log(total[r]) - offset[m] - ownScore[r]);
          combine(gradient.data(), sums.get() + r * stride, share * sharpness_ / total[r], unit.get() + m * width, -share * sharpness_, width);
          throughLength(du + i * width, gradient.data(), u + i * width, length[r], width);
          combine(q, scaled.get() + r * width, share / total[r], scaled.get() + r * width, 0.f, width);
        }
        losses[block] = sum;
      }
    });

    // 3. Tiles of columns: Eᵀ · queries, and the gradient by items.
    const long outputRows = roundUp(width, rowsOf(kind));
    const auto queryLanes = aligned<uint32_t>(outputRows * lanes);
    inThreads(context, outputRows, [&](long from, long to) {
      for (long o = from; o < to; o++)
        for (long lane = 0; lane < lanes; lane++) {
          const float* x = queries.get() + lane * kLaneElements * width + o;
          queryLanes.get()[o * lanes + lane] = o < width ? laneOf(x[0], x[width]) : 0;
        }
    });
    const auto rowsOf = grouped(rows, columns, [&](long i) { return ownOf[i]; });
    inThreads(context, tiles, [&](long from, long to) {
      const auto sums = aligned<float>(outputRows * kTileColumns);
      std::vector<float> gradient(width);
      for (long tile = from; tile < to; tile++) {
        std::fill(sums.get(), sums.get() + outputRows * kTileColumns, 0.f);
        for (long lane = 0; lane < lanes; lane += kLanesAtOnce)
          product(kind, {queryLanes.get() + lane, lanes, keptLanes + (tile * lanes + lane) * kTileColumns, kTileColumns,
                         std::min(kLanesAtOnce, lanes - lane), sums.get(), kTileColumns, outputRows, kTileColumns, true});
        const long first = tile * kTileColumns, count = std::min(kTileColumns, columns - first);
        for (long c = 0; c < count; c++) {
          const long m = first + c;
          for (long o = 0; o < width; o++) gradient[o] = sums.get()[o * kTileColumns + c] * factor[m];
          for (int at = rowsOf.starts[m]; at < rowsOf.starts[m + 1]; at++) {
            const long i = rowsOf.rows[at];
            const float* x = u + i * width;
            combine(gradient.data(), gradient.data(), 1.f, x, -shareOf(i) * sharpness_ * inverseLength(x, width), width);
          }
          throughLength(dv + m * width, gradient.data(), v + m * width, inverse[m], width);
        }
      }
    });
    double sum = 0;
    for (double each : losses) sum += each;
    loss->scalar<float>()() = float(sum);
  }

  static const Tensor* optional(OpKernelContext* context, const char* name) {
    OpInputList list;
    return context->input_list(name, &list).ok() && list.size() > 0 ? &list[0] : nullptr;
  }

  float sharpness_;
};
REGISTER_KERNEL_BUILDER(Name("TowerSoftmaxLoss").Device(tensorflow::DEVICE_CPU), SoftmaxLoss);

}  // namespace
}  // namespace tower

// Node calls this after it loaded the library: the ops are registered by then, and Node gets no function.
extern "C" void* napi_register_module_v1(void*, void* exports) { return exports; }
