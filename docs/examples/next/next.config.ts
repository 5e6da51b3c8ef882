import type { NextConfig } from 'next';

const config: NextConfig = {
  // Hosts that make a function of a route take the files with it that the route reads.
  outputFileTracingIncludes: { '/api/recommend': ['./public/model/**'] },
};

export default config;
