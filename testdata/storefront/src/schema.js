'use strict';

// What the API takes. Everything else is refused before it reaches the shop.

const { z } = require('zod');

const idSchema = z.string().uuid();

const lineSchema = z.object({ product: z.string().max(64), quantity: z.number().int().min(0).max(99) }).strict();

const orderSchema = z
  .object({
    method: z.enum(['card', 'invoice']),
    email: z.string().email(),
    card: z
      .string()
      .regex(/^[0-9]{12,19}$/)
      .optional(),
  })
  .strict();

module.exports = { idSchema, lineSchema, orderSchema };
