/**
 * Maps words of Keras, PyTorch, TensorFlow Recommenders, EasyRec, TorchEasyRec, RecBole and DeepCTR to Tower's. Reports of unknown words use this
 * table before they compare spellings. Long because it is a table with one line for each word.
 */

/** The place where a word is written. */
export type WordPlace =
  | 'declaration'
  | 'feature'
  | 'label'
  | 'block'
  | 'score'
  | 'loss'
  | 'weighting'
  | 'optimizer'
  | 'metric'
  | 'split'
  | 'train'
  | 'task'
  | 'data'
  | 'argument'
  | 'choice'
  /** A function of a formula. */
  | 'function'
  /** The first word of a line of a formula. */
  | 'line'
  /** What an input of a formula is. */
  | 'input';

/**
 * Maps Tower's word to the words of other frameworks. Words before `|` mean the same, so a fix may replace them; those after it may only be similar. Case, `_`
 * and `-` are ignored. An entry that is more than a name is an example.
 */
type NamesByWord = Readonly<Record<string, string>>;

/** Maps words for which Tower has no equivalent to advice in the imperative: what to do instead. */
type Advice = Readonly<Record<string, string>>;

const step = (block: string): string => `write a step of its own: \`-> ${block}\``;

const names: Readonly<Record<WordPlace, NamesByWord>> = {
  function: {
    square: 'sqr pow2',
    silu: 'swish',
    sigmoid: 'logistic sigma expit',
    mean: 'avg average reduce_mean',
    sum: 'reduce_sum total',
    max: 'reduce_max amax maximum',
    min: 'minimum',
    normalize: 'l2_normalize l2norm l2_norm',
    logsumexp: 'log_sum_exp lse',
    log_softmax: 'logsoftmax',
    abs: 'absolute',
    exp: 'e',
    log: 'ln',
  },
  line: {
    give: 'return output outputs yield result returns out emit',
    weights: 'weight param params parameter parameters variable variables learn learned trainable weight_matrix',
    shown: 'show print display expose inspect',
    scan: 'loop for foreach recur recurrent fold',
  },
  input: {
    vector: 'vec array1d dense | tensor array float embedding',
    sequence: 'seq list series history elements | matrix tensor2d',
    fields: 'field group features columns',
    interests: 'interest capsules experts heads',
  },
  declaration: {
    use: 'import include require from load extends',
    let: 'const var def define constant set param params',
    model: 'network net architecture name module',
    features: 'inputs columns feature_columns feature_configs feature_config feature_specs schema fields embeddings',
    labels: 'targets outputs label_fields label_columns y',
    group: 'feature_group feature_groups feature_set featuregroup wide deep',
    block: 'layer sublayer function fn def module_block component subnet',
    tower: 'encoder user_tower item_tower query_tower candidate_tower query candidate branch',
    task: 'losses head objective_task goal tasks',
    objective: 'total_loss loss_weights weighted_loss',
    retrieve: 'rank serve serving retrieval search inference predict',
    train: 'training fit trainer train_config optimizer optimizers hyperparameters hparams compile config',
    data: 'dataset datasets data_config source input_config database dataloader',
  },
  feature: {
    id: 'embedding embed idfeature id_feature embeddings key identifier sparse sparsefeat sparse_feature identity token hash hashing categorical_identity hashed uid uuid entity lookup string_lookup integer_lookup',
    category:
      'categorical | cat enum one_hot onehot categoricalfeature discrete vocab vocabulary select factor choice label_encoder ordinal nominal string str bool boolean binary',
    number:
      'numeric numerical | num float double real continuous dense densefeat dense_feature raw raw_feature rawfeature int integer float32 float64 int64 int32 scalar bucketized bucketize discretization',
    time: 'timestamp date datetime hour_of_day temporal',
    list: 'multi seq array history varlen varlensparsefeat sequence_feature sequencefeature set bag embedding_bag token_seq multi_value multivalue',
    'list(category)': 'tags multihot multi_hot tag tag_feature tagfeature multi_category multilabel',
    text: 'string_text words sentence document bag_of_words bow title ngram ngrams text_vectorization trigram',
    vector: 'dense_vector pretrained float_seq floatseq tensor embedding_vector raw_vector',
    like: 'shared share shared_embedding same_as alias ref reference copy',
    cross: 'combo combo_feature combofeature crossed crossed_column crossing hashed_crossing interaction product',
  },
  label: {
    binary:
      'bool boolean | flag int01 click bit yes_no classification class category sigmoid label binary_label logical',
    number: 'float integer int real double float32 int64 | numeric continuous regression scalar value numerical long',
  },
  block: {
    flatten: 'flat | reshape concatenate_fields',
    dense:
      'fc fully_connected | linear fullyconnected projection project proj inner_product fclayer linear_layer affine',
    mlp: 'dnn | fcn feed_forward feedforward ffn multilayer_perceptron deep hidden mlp_layer fc_layers hidden_layers sequential nn stack',
    dropout: 'drop alpha_dropout spatial_dropout dropout_layer',
    layer_norm: 'ln layernormalization layer_normalization | layernorm_layer norm',
    batch_norm: 'bn batchnormalization batch_normalization batchnorm1d |',
    normalize:
      'l2_normalize l2_norm normalise | l2 l2norm l2normalize unit_norm unitnorm normalization l2_normalization',
    senet: 'squeeze_excitation | se squeeze_excite squeezeexcite se_block selayer senet_layer senetlayer',
    gate: 'gating gated gated_unit gatenet highway glu',
    repeat: 'repeated loop n_layers num_layers stack_layers layer_stack for_each clones',
    residual: 'resnet skip skip_connection res residual_block resblock shortcut add_norm',
    cross: 'crossnet cross_net cross_network crosslayer dcn cross_layer dcn_v1',
    cross_v2: 'dcn_v2 dcnv2 | crossnet_v2 crossnet_mix cross_net_v2 dcn_mix low_rank_cross',
    fm: 'factorization_machine factorisation_machine fm_layer bi_interaction biinteraction bipooling',
    ffm: 'field_aware_fm field_aware_factorization_machine',
    cin: 'xdeepfm compressed_interaction',
    bilinear: 'fibinet bilinear_interaction',
    mean: 'avg average mean_pooling avg_pool average_pooling | averagepooling avgpool global_average_pooling meanpool pool pooling global_average_pooling1d',
    sum: 'sum_pooling | sum_pool sumpooling add plus reduce_sum',
    product: 'multiply mul hadamard elementwise_product times',
    concat: 'concatenate concatenation | cat merge join stack_fields',
    attention: 'attn din attention_pooling additive_attention attention_layer target_attention',
    self_attention:
      'multi_head_attention multihead_attention multiheadattention mha | multihead autoint interacting interacting_layer multi_head_self_attention encoder_layer sasrec bert',
    gru: 'lstm rnn dien augru gru4rec bigru recurrent',
    positions: 'positional positional_encoding positional_embedding position_embedding learned_positions',
    multi_interest: 'mind capsule capsules comirec capsule_network dynamic_routing',
    mmoe: 'moe mixture_of_experts multi_gate expert experts mmoe_layer shared_bottom',
    ple: 'cgc progressive_layered_extraction customized_gate_control',
  },
  score: {
    cosine: 'cos cosine_similarity cosinesimilarity cos_sim | cossim normalized_dot cosine_score',
    dot: 'inner_product dot_product dotproduct | inner ip matmul innerproduct dot_score',
    hadamard: 'elementwise elementwise_product multiply mul weighted_dot',
  },
  loss: {
    'softmax(in_batch)':
      'infonce info_nce cross_entropy crossentropy contrastive contrastive_loss nce ntxent nt_xent in_batch_softmax sampled_softmax sampled_softmax_loss categorical_crossentropy sparse_categorical_crossentropy softmax_cross_entropy softmax_cross_entropy_with_logits batch_softmax softmaxloss retrieval multi_class multiclass clip inbatch in_batch nce_loss ce ssm crossentropyloss categorical softmax_loss',
    listwise: 'listnet list_mle listmle listwise_rank listwise_loss supcon listnet_loss',
    bpr: 'bpr_loss bayesian_personalized_ranking | pairwise pairwise_loss pair_wise ranknet pairwise_logistic pairwise_logistic_loss',
    hinge:
      'hinge_loss | triplet triplet_loss margin margin_loss max_margin margin_ranking marginrankingloss tripletmarginloss pairwise_hinge pairwise_hinge_loss warp marginranking',
    bce: 'binary_crossentropy binarycrossentropy binary_cross_entropy bce_loss bceloss log_loss logloss bce_with_logits bcewithlogits bcewithlogitsloss sigmoid_cross_entropy sigmoid_cross_entropy_with_logits | logistic binary classification logistic_loss sigmoid ctr',
    gbce: '| gsasrec_loss calibrated_bce',
    directau: '| alignment_uniformity alignment_and_uniformity uniformity_loss alignment_loss',
    bsl: '| bilateral bilateral_loss',
    focal: 'focal_loss focalloss binary_focal_crossentropy | binary_focal',
    mse: 'mean_squared_error meansquarederror mseloss mse_loss l2_loss | l2 squared squared_error rmse regression',
    huber: 'huber_loss huberloss | smooth_l1 smoothl1 smoothl1loss smooth_l1_loss',
  },
  weighting: {
    uncertainty: 'homoscedastic kendall uncertainty_weighting uncertainty_weight uncertainty_loss uwl',
    gradnorm: 'gradient_normalization',
    dwa: 'dynamic_weight_average dynamic_weight_averaging',
    pareto: 'mgda pareto_mtl mgda_ub pe_ltr',
    pcgrad: 'gradient_surgery project_conflicting_gradients',
    famo: 'fast_adaptive',
  },
  optimizer: {
    sgd: 'gd gradient_descent stochastic_gradient_descent sgd_optimizer',
    adagrad: 'ada_grad rowwise_adagrad row_wise_adagrad adagrad_optimizer adagradoptimizer exact_adagrad',
    adam: 'adam_optimizer adamoptimizer lazy_adam lazyadam sparse_adam',
    adamw: 'adam_w adam_weight_decay decoupled_adam adamw_optimizer',
    lamb: 'lamb_optimizer large_batch_adam',
  },
  metric: {
    recall: 'recall_at_k recallatk | recall_k recall_at',
    hit_rate:
      'hr hit_ratio hitratio | hit hits hitrate_at_k hit_at_k top_k_accuracy topk_categorical_accuracy factorized_top_k factorizedtopk',
    ndcg: 'ndcg_at_k ndcgatk | dcg normalized_dcg',
    mrr: 'mean_reciprocal_rank | reciprocal_rank mrr_at_k',
    auc: 'roc_auc auroc rocauc | roc gauc roc_auc_score',
  },
  split: {
    by_time: 'time temporal time_split chronological timestamp by_timestamp time_based last_days',
    leave_one_out: 'loo leaveoneout | leave_last_out last leave_last_one ls',
    random: 'rand shuffle ratio rs random_split train_test_split holdout uniform',
    by_user:
      'user users user_split by_users strong_generalization strong_generalisation held_out_users new_users cold_users',
    files: 'file given given_files parts predefined official',
    column: 'by_column field by_field fold',
  },
  train: {
    batch:
      'batch_size bs batchsize train_batch_size | minibatch mini_batch minibatch_size per_device_train_batch_size batches',
    epochs: 'num_epochs epoch n_epochs max_epochs nb_epoch nb_epochs num_train_epochs | total_epochs epoch_num',
    seed: 'random_seed random_state | rng rng_seed manual_seed',
    dense: 'dense_optimizer | dense_optim weights_optimizer main_optimizer',
    embeddings:
      'sparse_optimizer embedding_optimizer emb_optimizer embeddings_optimizer | sparse embedding sparse_optim embedding_optim table_optimizer tables',
    steps: 'max_steps num_steps total_steps train_steps num_train_steps',
    validate: 'eval_every eval_steps eval_interval val_check_interval check_val_every_n_epoch',
    overrides: 'param_groups parameter_groups lr_mult',
    precision:
      'mixed_precision amp dtype compute_dtype | mixed_precision_policy fp16 bf16 autocast half_precision param_dtype',
    clip: 'grad_clip gradient_clip clip_norm max_grad_norm gradient_clipping grad_norm_clip clip_grad_norm global_clipnorm max_norm | gradient_clip_val grad_clip_norm clip_gradient clip_gradients clipping',
    metrics:
      'eval_metrics evaluation_metrics | metric_list valid_metrics validation_metrics topk top_k cutoffs metric_k eval_k',
    stop: 'early_stopping early_stop earlystopping early_stopper stopping stop_metric monitor eval_metric valid_metric earlystop stopping_criterion',
  },
  task: {
    score: 'similarity sim logits scoring scorer score_fn similarity_fn interaction match matching',
    loss: 'criterion loss_fn loss_function | lossfn loss_type losses cost',
    label: 'target y labels label_name y_true ground_truth label_fields targets',
    weight: 'sample_weight | sample_weights weights weight_name weight_by sampleweight loss_weight example_weight',
    only: 'where_label sample_space ctcvr_space conditional condition given only_if only_where',
  },
  data: {
    events:
      'interactions ratings train file csv path logs log_file transactions clicks train_input_path train_path input input_path train_file inter impressions training_data behaviours behaviors reviews',
    items: 'item catalog catalogue corpus candidates products item_file item_features item_table item_path documents',
    users: 'user user_file profiles user_features customers user_table user_path queries',
    where: 'filter query condition having having_clause sql_filter predicate',
    time: 'timestamp | ts datetime order_by time_column time_field time_col date sort_by event_time timestamp_field orderby',
    split:
      'holdout eval_split splits split_by test_split validation_split eval_args train_test_split splitting validation',
    reject: 'max_bad max_errors bad_rows ignore_errors skip_errors on_bad_lines tolerance',
  },
  argument: {
    rate: 'lr learning_rate learningrate drop_rate dropout_rate drop_prob | step_size eta initial_learning_rate base_lr p prob probability dropout_p ratio',
    temperature: 'tau temp softmax_temperature | t temperature_scale',
    scale: 'gamma sharpness smoothing_factor inverse_temperature logit_scale inv_temperature s beta',
    smoothing: 'label_smoothing | label_smooth ls label_smoothing_factor',
    correction:
      'sampling_bias_correction logq log_q logq_correction sampling_correction popularity_correction bias_correction sampling_bias',
    accidental_hits: 'remove_accidental_hits mask_accidental_hits accidental_hit remove_duplicates',
    negatives: 'negative neg sampler negative_sampler negative_sampling neg_sampling sampling neg_sampler',
    hardest: 'hard_negatives hard_negative num_hard_negatives',
    in_batch: 'inbatch in_batch_negatives use_in_batch in_batch_negative batch_negatives inbatch_negatives',
    mask: 'exclude seen exclude_seen history_mask filter_seen positives',
    dim: 'embedding_dim emb_dim embedding_size embed_dim emb_size embed_size | output_dim d_model d emb_dims embedding_width width size embedding latent_dim k factors dimension dims embedding_dimension',
    hash: 'num_buckets hash_bucket_size hash_size hash_buckets | num_embeddings vocab_size vocabulary_size input_dim bucket_size num_bins max_hash_buckets num_tokens cardinality n_buckets buckets rows hash_bucket num_categories max_tokens',
    vocabulary: 'vocab vocab_file vocabulary_file vocab_list vocabulary_list',
    init: 'pretrained pretrained_embeddings embedding_matrix',
    frozen: 'freeze',
    min_count:
      'min_freq min_frequency | threshold min_occurrence freq_threshold frequency_threshold min_occurrences min_occur min',
    boundaries:
      'bin_boundaries bucket_boundaries | bins cutpoints thresholds edges bin_edges buckets_boundaries splits cuts',
    buckets: 'num_buckets num_bins n_bins quantiles nbins bins_num n_quantiles num_quantiles hash_bucket_size',
    standardize:
      'normalize normalise zscore z_score scaler standard_scaler standardise minmax standardization normalization normalized batch_norm',
    log: 'log1p log_transform logarithm ln log_scale',
    max: 'maxlen max_len max_length seq_len sequence_length max_seq_len max_seq_length | length pad max_size maxlength seq_length max_list_length limit history_length max_history truncate',
    pool: 'combiner pooling | mode agg aggregation aggregate pooling_type pooling_mode reduce reduction pool_type',
    element: 'elements of item_type embedding_name dtype feature',
    pieces: 'tokenizer ngram analyzer ngrams tokenization tokens tokenize',
    by: 'sampling_distribution distribution strategy sampled_by sampler_type routing_type method alpha',
    n: 'num_sampled num_negatives num_neg | n_neg k count num num_sample num_samples neg_num negative_samples',
    units:
      'hidden hidden_units hidden_dims hidden_size n_hidden layer_sizes dnn_hidden_units out_features hidden_dim hidden_layers layers hidden_sizes mlp_hidden_size output_dim output_size width dims widths size sizes num_units hidden_layer_sizes dim cin_layer_size expert_dim expert_units attention_dim key_dim att_hidden_units units_list expert_dnn_hidden_units',
    activation:
      'act act_fn activation_fn activation_function nonlinearity | dnn_activation hidden_activation act_func func non_linearity',
    last: 'output_activation final_activation last_activation | out_activation last_layer_activation',
    reduction: 'reduction_ratio ratio squeeze_ratio | r se_ratio reduce',
    norm: 'normalization norm_type batch_norm use_bn use_batch_norm dnn_use_bn bn layer_norm',
    dropout: 'dropout_rate drop_rate dropout_p dnn_dropout dropout_prob hidden_dropout_prob | p rate',
    slope: 'negative_slope | alpha leakiness',
    ratio: 'reduction_ratio | r t',
    heads: 'num_heads n_heads nhead head_num | n_head att_head_num heads_num num_attention_heads',
    layers:
      'num_layers n_layers layer_num cross_num | depth cross_layers cross_layer_num layers_num num_cross_layers n_cross_layers',
    rank: 'low_rank projection_dim r rank_dim lowrank',
    weights: 'per_sample_weights weight_feature_key element_weights',
    width: 'dim embedding_dim k factors latent_dim',
    experts:
      'num_experts n_experts expert_num num_expert | expert experts_num specific_expert_num n_expert expert_num_per_task',
    shared: 'shared_experts num_shared_experts shared_expert_num share_num n_shared num_shared',
    levels: 'num_levels n_levels level_num layers num_layers depth extraction_networks',
    tasks: 'task task_names num_tasks task_num towers',
    interests: 'num_interests n_interests | interest_num k_max k num_capsules num_interest capsule_num max_k capsules',
    iterations:
      'routing_iterations num_iterations n_iter iters iteration_times routing_times routing_logits steps max_iter',
    states: 'return_sequences output mode return_sequence',
    epsilon: 'eps | fuzz',
    decay:
      'schedule lr_schedule scheduler lr_scheduler lr_decay learning_rate_schedule annealing decay_type lr_scheduler_type',
    warmup: 'warmup_steps num_warmup_steps | warm_up warmup_iters warmup_step warm_up_steps',
    weight_decay: 'wd decoupled_weight_decay | decay_rate',
    l2: 'l2_reg l2_regularization reg_l2 | regularization',
    momentum: 'mu | beta beta1 rho',
    initial: 'initial_accumulator_value | init_value initial_accumulator accumulator_init initial_accumulator_val',
    per: 'rowwise row_wise granularity',
    over: 'mining reduction negatives_mode hard',
    margin: 'm alpha gap',
    gamma: 'focusing focusing_parameter focal_gamma exponent',
    alpha: 'balance class_weight pos_weight asymmetry focal_alpha restoring_force',
    delta: 'beta threshold huber_delta',
    k: 'top_k topk at cutoff n ks',
    patience: 'wait early_stopping_patience stopping_step stop_patience tolerance max_patience rounds',
    validation:
      'val valid val_size validation_size | dev eval val_ratio valid_ratio validation_split val_split validation_ratio',
    test: 'test_size | holdout test_ratio test_split test_fraction',
    blocks: 'layers inner fn function module block sublayer',
  },
  choice: {
    mean: 'avg average | mean_pooling mean_pool reduce_mean',
    sum: 'add sum_pooling reduce_sum sqrtn plus',
    none: 'null false no off concat sequence keep_sequence nopool',
    linear: 'identity | none null id no_activation lin',
    relu: 'rectified rectifier relu_activation',
    tanh: 'tan_h hyperbolic_tangent hyperbolic th',
    sigmoid: 'logistic sigm expit logit hard_sigmoid',
    silu: '| swish1 sil',
    leaky_relu: 'lrelu | leaky',
    prelu: 'parametric_relu |',
    gelu: 'gelu_tanh gelu_new |',
    batch: 'bn batch_norm batchnorm | true',
    layer: 'ln layer_norm layernorm |',
    softplus: 'soft_plus',
    constant: 'none fixed const null no flat',
    cosine: 'cosine_annealing cosine_decay | cos cosineannealing cosineannealinglr cosinedecay',
    inverse_sqrt: 'noam rsqrt inv_sqrt invsqrt inverse_square_root inversesqrt',
    frequency: 'popularity freq pop logq log_q unigram item_frequency popularity_based true sampling_bias log_uniform',
    streaming: 'online stream streaming_frequency hashed',
    uniform: 'random rand even equal',
    mask: 'remove drop exclude true hide ignore',
    keep: 'allow false include',
    element: 'elementwise scalar parameter coordinate',
    row: 'rowwise row_wise vector',
    words: 'word | token tokens unigram unigrams whitespace word_level',
    bigrams: 'bigram word_bigrams 2gram',
    trigrams: 'trigram letter_trigrams | char_trigrams 3gram letter_trigram',
    hour: 'hour_of_day | hours hourofday time_of_day h',
    weekday: 'day_of_week dayofweek | dow weekdays week_day',
    month: 'months month_of_year',
    week_hour: 'hour_of_week hourofweek',
    all: 'every whole full shared field_all true',
    each: 'field_each per_field separate',
    interaction: 'field_interaction pairwise',
    last: 'final false end',
    hardest: 'hard max semi_hard hard_negative hard_negatives hard_negative_mining',
    attention: 'self_attention attentive sa comirec_sa',
    routing: 'dynamic_routing capsule dr dynamic mind',
    sampled: 'uniform random sample sampling global random_sampling negative_sampler',
  },
};

const schedule = 'give it to the optimizer: `dense = adam(rate: 1e-3, warmup: 200, decay: cosine)`';
const decayed =
  'it belongs to an optimizer: `dense = adamw(rate: 1e-3, weight_decay: 0.01)`, `embeddings = adagrad(rate: 0.05, l2: 1e-6)`';
const regularised = '`sgd`, `adagrad` and `adam` take `l2`; `adamw` and `lamb` take `weight_decay`';
const withMomentum = 'it belongs to `sgd`: `dense = sgd(rate: 0.1, momentum: 0.9)`';
const inStop = 'it belongs to `stop`: `stop = recall(50, patience: 2)`';
const clipped = '`train` cuts the whole gradient to a length: `clip = 1.0`';
const inLoss = 'it belongs to the loss: `loss = softmax(in_batch, temperature: 0.05)`';
const noActivation = (nearest: string): string => `there is none here; \`${nearest}\` has the most similar shape`;
const noOptimizer = 'use `adam`, or `adagrad` for embedding tables';
const noArgument = 'leave it out: Tower has no such setting';
const droppedOut = step('dropout(0.2)');
const normalised = 'write a step of its own: `-> batch_norm` or `-> layer_norm`';

const advice: Readonly<Partial<Record<WordPlace, Advice>>> = {
  declaration: {
    'loss score':
      'write it inside a task: `task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }`',
    'eval evaluate':
      '`tower evaluate RUN` measures a trained model; `stop = recall(50)` inside `train { … }` watches one metric',
    metrics: 'write it inside `train { … }`: `metrics = recall(20), ndcg(20)`',
    export: '`tower export RUN --out FOLDER` writes a trained model',
    class: 'a model begins with `model name`, its towers with `tower name(inputs)`',
    'batch epochs': 'write it inside `train { … }`',
    split: 'write it inside `data NAME { … }`',
  },
  feature: {
    'lambda expr exprfeature expression json geohash':
      'compute the column in the data block: `columns { name = "SQL" }`',
    image: 'give the numbers of a model for pictures: `vector(512, dim: 64)`',
  },
  label: {
    'multiclass categorical': 'a label is `binary` or `number`; declare one binary label for each class',
    'string str list': 'a label is `binary` or `number`',
  },
  block: {
    activation: 'write the one that you mean, `-> relu`, or give it to a layer: `dense(64, relu)`',
    softmax: 'a softmax is a loss here: `loss = softmax(in_batch, temperature: 0.1)` in a task',
    'embedding embed lookup': 'a feature has its embedding already: `features { user_id : id(dim: 32) }`',
    input: 'name the inputs in the tower: `tower user(user_id) keyed by user_id { … }`',
    cosine: 'compare the towers in a task: `score = cosine(user, item)`',
    dot: 'compare the towers in a task: `score = dot(user, item)`',
    subtract: 'use `sum`, `product` or `concat`',
    'squeeze unsqueeze expanddims permute': 'leave it out: shapes need no such step',
  },
  score: {
    'mlp neumf': 'every score is an inner product: put the layers into the towers',
    bilinear: 'every score is an inner product: end one tower with `-> dense(…)` and use `dot`',
    sigmoid: 'leave it out: `bce` applies the sigmoid itself',
  },
  loss: {
    'mae l1 l1loss meanabsoluteerror': '`huber(delta: …)` is nearest: linear beyond `delta`',
    'kl kldivergence': '`listwise` compares distributions over the items of a batch',
    poisson: '`mse` and `huber` are the losses for numbers',
    'cosine cosineembeddingloss':
      'cosine is a score: `score = cosine(user, item)`; a loss is such as `softmax(in_batch)`',
    dot: 'dot is a score: `score = dot(user, item)`; a loss is such as `softmax(in_batch)`',
  },
  optimizer: {
    'rmsprop adadelta ftrl nadam adamax lion radam adafactor lbfgs': noOptimizer,
    'momentum sgdm': withMomentum,
  },
  metric: {
    'loss valloss validationloss accuracy acc f1': '`stop` watches a metric of the ranking, such as `recall(50)`',
    'coverage gini popularity tailshare novelty diversity calibration':
      'it describes lists, and an untrained model may have the best: name it in `metrics`, and watch one such as `recall(50)`',
  },
  split: { 'kfold stratified groupkfold': 'name a column that says the part of each row: `split = column(…)`' },
  train: {
    'optimizer optim opt optimiser optimizerconfig':
      'name both: `dense = adam(rate: 1e-3)` for the weights, `embeddings = adagrad(rate: 0.05)` for the tables',
    'lr learningrate rate': 'the rate belongs to an optimizer: `dense = adam(rate: 1e-3)`',
    embeddinglr: 'the rate belongs to an optimizer: `embeddings = adagrad(rate: 0.05)`',
    'weightdecay l2 l2reg regularization embeddingregularization': decayed,
    'lrschedule lrscheduler scheduler schedule warmup warmupsteps decay lrdecay': schedule,
    momentum: withMomentum,
    'patience earlystoppingrounds earlystoppingpatience metric callbacks': inStop,
    'dropout dropoutrate': 'write it as a step of a flow: `-> dropout(0.2)`',
    'temperature tau': inLoss,
    'negatives numnegatives negsampling trainnegsampleargs':
      'it belongs to the loss: `loss = softmax(negatives: sampled(4))`',
    shuffle: 'leave it out: each epoch has an order of its own, which follows from `seed`',
    stepsperepoch: 'leave it out: an epoch reads every row once',
    'device gpu': 'choose an engine where you train: `tower train … --engine tensorflow`',
    verbose: 'leave it out: the run writes its figures itself',
    clipvalue: clipped,
    'savedir modeldir checkpoint checkpointdir output': 'name the folder where you train: `tower train … --out FOLDER`',
    'validationsplit validationdata testsize validation':
      'say it in the data block: `split = by_time(validation: 10%, test: 10%)`',
    'evalbatchsize numworkers': noArgument,
    'embeddingdim embeddingsize dim': 'each feature has its own: `user_id : id(dim: 32)`',
    data: 'name the data where you train: `tower train MODEL --data FILE`',
  },
  task: {
    'temperature tau': inLoss,
    'negatives numnegatives sampler': 'it belongs to the loss: `loss = softmax(negatives: sampled(4))`',
    metric: 'a metric belongs to `train { … }`: `stop = recall(50)`',
    metrics: 'write it inside `train { … }`: `metrics = recall(20), ndcg(20)`',
    'towers tower user item': 'name them in the score: `score = cosine(user, item)`',
    distance: '`score` says how two towers compare: `score = cosine(user, item)`',
    activation: 'leave it out: the loss applies what it needs',
    'type tasktype':
      'the loss says it: `loss = bce` for a binary label, `loss = softmax(in_batch, temperature: 0.1)` for retrieval',
    'lossweight taskweight': 'weigh tasks in the objective: `objective = 1.0 * click + 0.5 * like`',
    name: 'its name follows the word: `task watch { … }`',
    mask: 'it belongs to the loss: `loss = softmax(in_batch, mask: history)`',
  },
  data: {
    'test testfile evalinputpath evalpath':
      'one file has all events, and `split` says what is held out: `split = by_time(validation: 10%, test: 10%)`',
    'separator sep delimiter fieldseparator': 'leave it out: the separator is found by reading the file',
    header: 'leave it out: the first row has the names of the columns',
    'format type': 'leave it out: the ending of a file name says its kind',
    encoding: 'leave it out: files are UTF-8',
    shuffle: 'leave it out: each epoch has an order of its own',
    'label labels labelfields':
      'declare labels in the model: `labels { clicked: binary }`; name a column for one in `columns { … }`',
    features: 'declare features in the model: `features { user_id : id(dim: 32) }`',
    'userid useridfield': 'name its column in `columns { … }`: `columns { user_id = "userId" }`',
    'itemid itemidfield': 'name its column in `columns { … }`: `columns { item_id = "itemId" }`',
    'usecols rename': 'name columns in `columns { … }`',
    batchsize: 'write it inside `train { … }`: `batch = 1024`',
    'join on key': 'join by a key: `items = "movies.csv" by movie_id`',
    history: 'a history is made from earlier events: `history = past(movie_id, 50)`',
    negatives: 'it belongs to the loss: `loss = softmax(negatives: sampled(4))`',
    seed: 'write it inside `train { … }`: `seed = 1`',
  },
  argument: {
    'dropout dropoutrate dnndropout expertdropout': droppedOut,
    keepprob: 'write the share that is dropped: `dropout(0.2)`',
    'batchnorm usebn dnnusebn bn norm layernorm normalization': normalised,
    residual: 'write a step of its own: `-> residual(dense(64, relu) -> dense(64))`',
    'numneg numnegatives numsampled nneg negativesamples numsamples': 'draw negatives with `negatives: sampled(4)`',
    'betas beta': 'give each its name: `beta1: 0.9, beta2: 0.999`',
    'weightdecay wd l2 l2reg': regularised,
    'momentum nesterov amsgrad usebias bias trainable name dtype device kernelinitializer biasinitializer kernelregularizer embeddingsregularizer embeddingsinitializer initializer init maskzero paddingidx padding sparse inputshape causal bidirectional mindelta mode numparameters':
      noArgument,
    'clipnorm clipvalue globalclipnorm maxgradnorm': clipped,
    fromlogits: 'leave it out: a loss takes the score as it is',
    'temperature tau': 'divide the score instead: `score = cosine(user, item) / 0.1`',
    'posweight sampleweight': 'weigh rows in the task: `weight = NAME`',
    'vocabsize numembeddings':
      'leave it out: the values are learned from the data; `hash: 10_000` gives a fixed number of rows',
    'default oov numoovbuckets defaultvalue': 'leave it out: one row of the table is for the unseen',
    'separator sep delimiter': 'split the text in the data block: `columns { genres = "string_split(genres, \'|\')" }`',
    monitor: 'the name of the metric says what is watched: `stop = recall(50, patience: 2)`',
  },
  function: {
    'matmul mm bmm einsum': 'write `a @ b` for a sum over the axis that both have, or `x @ W` for a weight',
    'dot inner inner_product': 'write `a @ b`, or `sum over d (a * b)`',
    'pow power': 'write `square(x)`, or `exp(2 * log(x))` for other powers',
    'concat cat stack': 'give several axes by `as vector[n, d]`, and join vectors in a tower by `concat(a, b)`',
    'transpose permute reshape view': 'leave it out: axes have letters and no order',
    'expand unsqueeze tile': 'write `spread over t (x)`',
  },
  choice: {
    'elu selu celu': noActivation('leaky_relu'),
    'relu6 crelu': noActivation('relu'),
    'mish hardswish': noActivation('silu'),
    softsign: noActivation('tanh'),
    softmax: 'a softmax is a loss here: `loss = softmax(in_batch, temperature: 0.1)` in a task',
    'ngram ngrams char chars characters bpe wordpiece subword':
      '`trigrams` are pieces of three letters, `words` are whole words, `bigrams` are words and pairs of words',
    max: 'declare a `sequence(…)`, and let it flow through `-> max`',
    attention: 'declare a `sequence(…)`, and let it flow through `-> attention`',
    step: '`linear`, `cosine` and `inverse_sqrt` fall without steps',
    exponential: '`linear`, `cosine` and `inverse_sqrt` are what there is',
    polynomial: '`linear` is the polynomial of degree 1',
    year: '`month`, `weekday`, `hour` and `week_hour` repeat; give a year as `number`',
    day: '`weekday` is the day of the week',
    minute: '`hour` is the finest part',
    quarter: '`month` is the nearest part',
  },
};

/** What a word that is unknown in its place means in the field. */
export interface WordMeaning {
  /** The replacement: a name, or a longer example. */
  readonly write?: string;
  /** True if the replacement has the same meaning. */
  readonly same?: boolean;
  /** Advice if nothing has the same meaning. */
  readonly advice?: string;
}

/** Removes case, underscores, hyphens, blanks and dots from a word. */
const plain = (word: string): string => word.replace(/[_\-\s.]/g, '').toLowerCase();

/**
 * Looks up a word of another framework. The result is one of `candidates`, or an example.
 * @param rows the kinds that are allowed in this place; their rows may list other names
 * @returns undefined for an unknown word
 */
export function meaningOf(
  word: string,
  place: WordPlace,
  candidates: Iterable<string>,
  rows: Readonly<Record<string, OtherNames>> = {},
): WordMeaning | undefined {
  const knownWords = new Set(candidates);
  const plainWord = plain(word);
  const listedSenses = (sensesIn(place).get(plainWord) ?? []).filter(
    ({ write }) => knownWords.has(write) || !/^\w+$/.test(write),
  );
  const rowSenses = namedBy(plainWord, rows).filter(({ write }) => knownWords.has(write));
  const senses = [
    ...rowSenses,
    ...listedSenses.filter(({ write }) => rowSenses.every((sense) => sense.write !== write)),
  ];
  const adviceText = Object.entries(advice[place] ?? {}).find(([words]) => words.split(' ').includes(plainWord))?.[1];
  if (adviceText !== undefined && senses.length !== 1 && !knownWords.has(word)) return { advice: adviceText };
  const exactSenses = senses.filter((sense) => sense.same);
  const firstSense = exactSenses[0] ?? senses[0];
  return firstSense && { write: firstSense.write, same: exactSenses.length === 1 };
}

/** True if a word has a meaning of its own in the field, in any place, so that it is not a misspelling of another. */
export const isTerm = (word: string): boolean => (terms ??= allTerms()).has(plain(word));

/** True if a word names an argument of some kind. */
export const isArgument = (word: string): boolean => Object.hasOwn(names.argument, word);

/** Other names of a kind, from its own row: those that mean the same, and those that may be similar. */
export interface OtherNames {
  readonly also?: readonly string[];
  readonly near?: readonly string[];
}

const namedBy = (term: string, rows: Readonly<Record<string, OtherNames>>): Sense[] =>
  Object.entries(rows).flatMap(([write, { also = [], near = [] }]) => {
    const same = also.some((name) => plain(name) === term);
    return same || near.some((name) => plain(name) === term) ? [{ write, same }] : [];
  });

interface Sense {
  readonly write: string;
  readonly same: boolean;
}

function byWord(rows: NamesByWord): ReadonlyMap<string, readonly Sense[]> {
  const sensesByWord = new Map<string, Sense[]>();
  for (const [write, words] of Object.entries(rows)) {
    const exactAndNear = words.split('|');
    for (const [index, part] of exactAndNear.entries()) {
      for (const word of part.split(' ')) {
        // A different case or different underscores do not make another name.
        if (word === '' || plain(word) === plain(write)) continue;
        const senses = sensesByWord.get(plain(word)) ?? [];
        const same = exactAndNear.length === 2 && index === 0;
        if (senses.every((sense) => sense.write !== write)) senses.push({ write, same });
        sensesByWord.set(plain(word), senses);
      }
    }
  }
  return sensesByWord;
}

/** Tables by the kind of name, built lazily: a file without errors needs none. */
const byPlace = new Map<WordPlace, ReadonlyMap<string, readonly Sense[]>>();

function sensesIn(place: WordPlace): ReadonlyMap<string, readonly Sense[]> {
  const cachedSenses = byPlace.get(place) ?? byWord(names[place]);
  byPlace.set(place, cachedSenses);
  return cachedSenses;
}

let terms: ReadonlySet<string> | undefined;

const allTerms = (): ReadonlySet<string> =>
  new Set([
    ...(Object.keys(names) as WordPlace[]).flatMap((place) => [...sensesIn(place).keys()]),
    ...Object.values(advice).flatMap((rows) => Object.keys(rows).flatMap((words) => words.split(' '))),
  ]);
