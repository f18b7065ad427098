
/*
 * A number as text, where printf() would cost more than all around it.
 */

#ifndef _PRIZE_DECIMAL_H_INCLUDED_
#define _PRIZE_DECIMAL_H_INCLUDED_


/* the most digits there are */
#define PRIZE_DECIMAL_LEN  20


/* writes the digits, without a NUL, and returns their end */
char *prize_decimal(char *dst, unsigned long long number);


#endif /* _PRIZE_DECIMAL_H_INCLUDED_ */
